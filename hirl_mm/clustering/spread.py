import torch
from torch import Tensor

from hirl_mm.features import Shard


def feature_spread(
    features: Tensor, sample_idx: Tensor | None = None
) -> float:
    """Measure how far features are from all being one direction.

    The standard deviation of the L2-normalised features, over all their
    coordinates together: ``sqrt(1 - |mean|^2)``.

    Args:
        features: (n, D), of this rank if ``sample_idx`` is given.
        sample_idx: (n,) long, as for
            :func:`~hirl_mm.clustering.kmeans.kmeans`.

    Returns:
        From 0, collapsed, to 1, spread evenly around the origin.
    """
    shard = Shard(features.detach().float(), sample_idx)
    norm = torch.linalg.vector_norm(shard.features, dim=1).clamp_(min=1e-12)
    mean = shard.sum(norm.reciprocal() @ shard.features) / shard.total
    return float((1 - mean.double().square().sum()).clamp(min=0).sqrt())
