"""Replacing the centroids of empty clusters."""

import numpy as np
import torch
from torch import Tensor

from .split_draws import SplitDraws

# Relative shift of the two halves of a split cluster, as in faiss.
PERTURBATION = 1 / 1024


def split_into_empty(
    centroids: Tensor, counts: Tensor, generator: torch.Generator
) -> Tensor:
    """Split large clusters to replace empty ones, as faiss does.

    Empty clusters are replaced one after another. A cluster to split is drawn,
    see :class:`SplitDraws`; its centroid is copied to the empty
    cluster, and the coordinates of the two centroids are multiplied by
    1 + s/1024 and 1 - s/1024, where the sign s alternates over coordinates,
    so that the members are divided between them. Each of the two then counts
    half of the members. A large cluster may therefore be split several times,
    while others stay as they are.

    Source: ``split_clusters`` in faiss/Clustering.cpp.

    Args:
        centroids: (K, D), means of the members of each cluster; rows of empty
            clusters are ignored.
        counts: (K,), number of members of each cluster, at least K in total.
        generator: Random number generator of the draws, on the CPU, so that
            all ranks draw the same clusters.

    Returns:
        (K, D), centroids with those of empty clusters replaced.
    """
    sizes = counts.cpu().numpy()
    if sizes.all():
        return centroids
    empties = np.flatnonzero(sizes == 0)
    draws = SplitDraws(sizes)
    source = np.arange(len(sizes))
    # Factors of even and of odd coordinates.
    factors = np.ones((len(source), 2))
    shift = np.array([PERTURBATION, -PERTURBATION])
    drawn = torch.rand(len(empties), dtype=torch.double, generator=generator)
    for empty, uniform in zip(empties, drawn.tolist(), strict=True):
        donor = draws.draw(uniform)
        if donor is None:
            break
        source[empty] = source[donor]
        factors[empty] = factors[donor] * (1 + shift)
        factors[donor] *= 1 - shift
        draws.move_half(donor, empty)
    changed = torch.from_numpy((factors != 1).any(axis=1).nonzero()[0])
    changed = changed.to(centroids.device)
    parity = torch.arange(centroids.size(1), device=centroids.device) % 2
    scales = torch.from_numpy(factors).to(centroids)[changed][:, parity]
    donors = torch.from_numpy(source).to(centroids.device)[changed]
    result = centroids.clone()
    result[changed] = centroids[donors] * scales
    return result
