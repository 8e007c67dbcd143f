from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.features import top_k_neighbors

from .labels import check_labels

_VOTE_CHUNK = 1024


def knn_accuracy(
    gallery: Tensor,
    gallery_labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    ks: Sequence[int] = (10, 20, 100, 200),
    temperature: float = 0.07,
    chunk_size: int = 4096,
) -> dict[int, float]:
    """Compute the top-1 accuracy of :func:`knn_predictions`.

    Args:
        gallery: (N, D) features of the labelled samples.
        gallery_labels: (N,) classes of the gallery, integers from 0.
        queries: (Q, D) features of the samples to classify.
        query_labels: (Q,) true classes of the queries, integers from 0.
        ks: Numbers of neighbours k to evaluate.
        temperature: Temperature of the weights of the vote.
        chunk_size: Number of queries, and of rows of the gallery, that are
            compared at a time.

    Returns:
        Top-1 accuracy in percent for every k.

    Raises:
        ValueError: If shapes, labels, features, ``ks`` or ``temperature``
            are not usable.

    Example:
        >>> gallery = torch.tensor([[1., 0.], [0., 1.]])
        >>> labels = torch.tensor([0, 1])
        >>> knn_accuracy(gallery, labels, gallery + .1, labels, ks=(1, 2))
        {1: 100.0, 2: 100.0}
    """
    check_labels('query', queries, query_labels)
    predictions = knn_predictions(
        gallery, gallery_labels, queries, ks, temperature, chunk_size
    )
    target = query_labels.to(queries.device)
    return {
        k: 100 * int((predicted == target).sum()) / len(target)
        for k, predicted in predictions.items()
    }


def knn_predictions(
    gallery: Tensor,
    gallery_labels: Tensor,
    queries: Tensor,
    ks: Sequence[int] = (10, 20, 100, 200),
    temperature: float = 0.07,
    chunk_size: int = 4096,
) -> dict[int, Tensor]:
    """Predict classes with a weighted k-nearest-neighbour classifier.

    The protocol of ``eval_knn.py`` of `DINO
    <https://arxiv.org/abs/2104.14294>`_ and of `HIRL
    <https://arxiv.org/abs/2205.13159>`_: L2-normalised features, cosine
    similarity, the k nearest samples of the gallery (k in 10, 20, 100, 200)
    vote for their class with weight ``exp(similarity / temperature)`` at
    temperature 0.07. One search, for the largest k, serves every k.

    Args:
        gallery: (N, D) features of the labelled samples, of any floating
            type and on any device.
        gallery_labels: (N,) classes of the gallery, integers from 0.
        queries: (Q, D) features of the samples to classify.
        ks: Numbers of neighbours k to evaluate.
        temperature: Temperature of the weights of the vote.
        chunk_size: Number of queries, and of rows of the gallery, that are
            compared at a time.

    Returns:
        Predicted classes (Q,), long, for every k, on the device of the
        queries. Classes with equal votes are equally good: any of them may
        be returned.

    Raises:
        ValueError: If shapes, labels, features, ``ks`` or ``temperature``
            are not usable.
    """
    if not len(ks) or min(ks) < 1:
        raise ValueError(
            f'ks must be one or more numbers k >= 1, got {tuple(ks)}'
        )
    _check_temperature(temperature)
    check_labels('gallery', gallery, gallery_labels)
    similarities, indices = top_k_neighbors(
        queries, gallery, max(ks), chunk_size
    )
    gallery_labels = gallery_labels.to(queries.device, torch.long)
    labels = gallery_labels[indices]
    num_classes = int(gallery_labels.max()) + 1
    predictions = {}
    for k in ks:
        votes = zip(
            similarities[:, :k].split(_VOTE_CHUNK),
            labels[:, :k].split(_VOTE_CHUNK),
            strict=True,
        )
        predictions[k] = torch.cat(
            [
                weighted_vote(s, y, num_classes, temperature).argmax(dim=1)
                for s, y in votes
            ]
        )
    return predictions


def weighted_vote(
    similarities: Tensor,
    labels: Tensor,
    num_classes: int,
    temperature: float = 0.07,
) -> Tensor:
    """Score classes by the votes of neighbours, weighted by similarity.

    The score of a class is the sum of ``exp(similarity / temperature)`` over
    the neighbours of that class, divided by the largest weight of the query,
    so that no temperature overflows.

    Args:
        similarities: (Q, k) similarities of the neighbours.
        labels: (Q, k) classes of the neighbours, long.
        num_classes: Number of classes C.
        temperature: Temperature of the weights; the smaller it is, the more
            the nearest neighbours count.

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
