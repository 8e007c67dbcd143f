import torch
from torch import Tensor

from hirl_mm.features import top_k_neighbors

from .knn import weighted_vote
from .labels import check_labels


@torch.no_grad()
def leave_one_out_accuracy(
    features: Tensor,
    labels: Tensor,
    k: int = 20,
    temperature: float = 0.07,
) -> float:
    """Compute the kNN accuracy of samples among each other.

    Every sample is classified by its k nearest other samples, with the vote
    of :func:`~hirl_mm.evaluation.functional.knn_predictions`. This needs one
    labelled set, not two, and one feature pass.

    Args:
        features: (N, D) features, of any floating type and on any device.
        labels: (N,) classes, integers from 0.
        k: Number of neighbours that vote, less than N.
        temperature: Temperature of the weights of the vote.

    Returns:
        Top-1 accuracy in percent.

    Raises:
        ValueError: If shapes, labels, features, ``k`` or ``temperature`` are
            not usable.

    Example:
        >>> features = torch.tensor([[1., 0.], [5., 1.], [0., 1.], [1., 9.]])
        >>> leave_one_out_accuracy(features, torch.tensor([0, 0, 1, 0]), k=1)
        50.0
    """
    check_labels('features', features, labels)
    if not 1 <= k < len(features):
        raise ValueError(
            f'k must be at least 1 and less than the {len(features)} samples, '
            f'got {k}'
        )
    labels = labels.to(features.device, torch.long)
    similarities, indices = top_k_neighbors(features, features, k + 1)
    own = indices == torch.arange(len(labels), device=labels.device)[:, None]
    # A sample with many copies may be missing among its own neighbours. The
    # last of them is then a copy, as near as the sample itself.
    own[:, -1] |= ~own.any(1)
    votes = weighted_vote(
        similarities[~own].view(-1, k),
        labels[indices[~own].view(-1, k)],
        int(labels.max()) + 1,
        temperature,
    )
    return 100 * (votes.argmax(1) == labels).double().mean().item()
