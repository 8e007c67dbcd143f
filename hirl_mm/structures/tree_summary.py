"""Statistics of one level of a tree."""

import torch
from torch import Tensor


def level_summary(sizes: Tensor, objective: float) -> dict[str, float]:
    """Return statistics of the sizes of the clusters of a level.

    Args:
        sizes: (K,) long, number of samples of every prototype.
        objective: Sum of squared distances to the centroids.

    Returns:
        ``K``, the number of prototypes; ``used`` and ``empty``, the numbers
        of prototypes with and without samples; ``largest_share``, the share
        of the samples in the largest cluster; ``size_entropy``, the entropy
        of the shares of all clusters, in nats (log K if all clusters are of
        the same size); and ``objective``.
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
