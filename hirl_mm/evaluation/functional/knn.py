from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.features.neighbors import top_k_neighbors

_VOTE_CHUNK = 1024


def knn_accuracy(
    bank: Tensor,
    bank_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    ks: Sequence[int] = (10, 20, 100, 200),
    temperature: float = 0.07,
    chunk_size: int = 4096,
) -> dict[int, float]:
    """Top-1 accuracy of a weighted k-nearest-neighbour classifier.

    The protocol of ``eval_knn.py`` of `DINO
    <https://arxiv.org/abs/2104.14294>`_ and of `HIRL
    <https://arxiv.org/abs/2205.13159>`_: L2-normalised features, cosine
    similarity, the k nearest samples of the bank (k in 10, 20, 100, 200)
    vote for their class with weight ``exp(similarity / temperature)`` at
    temperature 0.07. The neighbours are searched once, for the largest k.

    Args:
        bank: (N, D) features of the training samples.
        bank_labels: (N,) their classes.
        queries: (Q, D) features of the samples to classify.
        query_labels: (Q,) their classes.
        ks: Numbers of neighbours.
        temperature: Of the weights of the vote.
        chunk_size: Rows compared at a time, see :func:`top_k_neighbors`.

    Returns:
        Top-1 accuracy in percent for every k.

    Raises:
        ValueError: If shapes, labels, features, ``ks`` or ``temperature``
            are not usable.

    Example:
        >>> bank = torch.tensor([[1., 0.], [0., 1.]])
        >>> labels = torch.tensor([0, 1])
        >>> knn_accuracy(bank, labels, bank + .1, labels, ks=(1, 2))
        {1: 100.0, 2: 100.0}
    """
    if not len(ks) or min(ks) < 1:
        raise ValueError(
            f'ks must be one or more numbers k >= 1, got {tuple(ks)}'
        )
    _check_temperature(temperature)
    _check_labels('bank', bank, bank_labels)
    _check_labels('query', queries, query_labels)
    similarities, indices = top_k_neighbors(queries, bank, max(ks), chunk_size)
    bank_labels = bank_labels.to(queries.device, torch.long)
    labels = bank_labels[indices]
    num_classes = int(bank_labels.max()) + 1
    target = query_labels.to(queries.device)
    accuracy = {}
    for k in ks:
        votes = zip(
            similarities[:, :k].split(_VOTE_CHUNK),
            labels[:, :k].split(_VOTE_CHUNK),
            strict=True,
        )
        predicted = torch.cat(
            [
                weighted_vote(s, y, num_classes, temperature).argmax(dim=1)
                for s, y in votes
            ]
        )
        hits = int((predicted == target).sum())
        accuracy[k] = 100 * hits / len(target)
    return accuracy


def weighted_vote(
    similarities: Tensor,
    labels: Tensor,
    num_classes: int,
    temperature: float = 0.07,
) -> Tensor:
    """Scores of the classes when neighbours vote by their similarity.

    The score of a class is the sum of ``exp(similarity / temperature)`` over
    its neighbours, divided by the largest weight of the row, so that no
    temperature overflows.

    Args:
        similarities: (Q, k) similarities of the neighbours.
        labels: (Q, k) long, classes of the neighbours.
        num_classes: C.
        temperature: Of the weights; a smaller one trusts the nearest more.

    Returns:
        (Q, C) scores.
    """
    _check_temperature(temperature)
    shifted = similarities - similarities.amax(dim=1, keepdim=True)
    weights = torch.exp(shifted / temperature)
    scores = weights.new_zeros(len(weights), num_classes)
    return scores.scatter_add_(1, labels, weights)


def _check_temperature(temperature: float) -> None:
    if not temperature > 0:
        raise ValueError(f'temperature must be positive, got {temperature}')


def _check_labels(name: str, features: Tensor, labels: Tensor) -> None:
    if labels.ndim != 1 or len(labels) != len(features):
        raise ValueError(
            f'{name} labels must be one per row of the {name} features, got '
            f'shape {tuple(labels.shape)} for {len(features)} rows'
        )
    if labels.is_floating_point() or labels.is_complex():
        raise ValueError(f'{name} labels must be integers, got {labels.dtype}')
    negative = (labels < 0).nonzero().flatten()
    if len(negative):
        raise ValueError(
            f'{name} labels must not be negative, but {len(negative)} are, '
            f'the first at {negative[:5].tolist()}; drop samples without a '
            'label'
        )
