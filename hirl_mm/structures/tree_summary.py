"""Figures of one level of a tree."""

import torch
from torch import Tensor


def level_summary(sizes: Tensor, objective: float) -> dict[str, float]:
    """Return how the samples are spread over the prototypes of a level.

    Args:
        sizes: (K,) long, samples of every prototype.
        objective: Sum of squared distances of the clustering.

    Returns:
        ``K``, ``used`` and ``empty`` (prototypes with and without a sample),
        ``largest_share`` (share of the samples in the largest cluster),
        ``size_entropy`` (of the shares, in nats; log K when all clusters are
        of equal size) and ``objective``.
    """
    share = sizes.double() / sizes.double().sum()
    return dict(
        K=len(sizes),
        used=int((sizes > 0).sum()),
        empty=int((sizes == 0).sum()),
        largest_share=share.max().item(),
        size_entropy=torch.special.entr(share).sum().item(),
        objective=objective,
    )
