"""Effect of the tf32 of a GPU on an assignment, computed on a CPU."""

import torch
from torch import Tensor

from hirl_mm.clustering.torch_assignment import assign_torch
from hirl_mm.clustering.torch_exact import to_tf32

_ROWS = 2048


def assign_tf32(features: Tensor, centroids: Tensor) -> tuple[Tensor, Tensor]:
    """Assign rows to centroids by products of rounded operands.

    ``|c|^2 / 2`` is not rounded, and distances are of the unrounded operands.

    Args:
        features: (n, D) float32.
        centroids: (K, D) float32.

    Returns:
        Labels (n,) long and squared distances (n,) float32.
    """
    rounded = to_tf32(centroids)
    bias = centroids.square().sum(1) / 2
    labels = torch.cat(
        [
            (to_tf32(rows) @ rounded.T - bias).argmax(1)
            for rows in features.split(_ROWS)
        ]
    )
    off = features - centroids[labels]
    return labels, torch.linalg.vector_norm(off, dim=1).square_()


def assign_emulated(
    features: Tensor, centroids: Tensor, precision: str = 'fp32'
) -> tuple[Tensor, Tensor]:
    """Assign like a GPU does: rounded for ``'tf32'``, else by PyTorch.

    Pass it to :func:`~hirl_mm.clustering.hierarchical_kmeans` as ``backend``.
    """
    if precision == 'tf32':
        return assign_tf32(features, centroids)
    return assign_torch(features, centroids, precision=precision)
