import torch
from torch import Tensor

from hirl_mm.features import Shard


def feature_spread(
    features: Tensor, sample_idx: Tensor | None = None
) -> float:
    """Measure how much the directions of features vary.

    The result is the standard deviation of the L2-normalised features, over
    all coordinates together: ``sqrt(1 - |mean|^2)``.

    Args:
        features: (n, D), features, which need not be normalised.
        sample_idx: (n,) long, indices of ``features`` in the whole set if it
            is distributed over all ranks; None if this process holds the
            whole set.

    Returns:
        A number from 0, if all features have the same direction (collapse),
        to 1, if their mean is the origin.
    """
    shard = Shard(features.detach().float(), sample_idx)
    norm = torch.linalg.vector_norm(shard.features, dim=1).clamp_(min=1e-12)
    mean = shard.sum(norm.reciprocal() @ shard.features) / shard.total
    return float((1 - mean.double().square().sum()).clamp(min=0).sqrt())
