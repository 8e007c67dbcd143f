"""Replacing the centroids of empty clusters."""

import math

import numpy as np
import torch
from torch import Tensor

from .sum_tree import SumTree

# Relative shift of the two halves of a split cluster, as in faiss.
PERTURBATION = 1 / 1024
# A probability of 1, so that its logarithm is finite.
_SURE = 1 - 1e-12


def split_into_empty(
    centroids: Tensor, counts: Tensor, generator: torch.Generator
) -> Tensor:
    """Split large clusters to replace empty ones, as faiss does.

    Empty clusters are replaced one after another. To draw a cluster to split,
    faiss goes through the clusters in order, again and again, and takes one
    with probability ``(count - 1) / (N - K)``, where N is the number of
    members of all K clusters. The centroid is copied to the empty cluster,
    and the coordinates of the two centroids are multiplied by 1 + s/1024 and
    1 - s/1024, where the sign s alternates over coordinates, so that the
    members are divided between them. Each of the two then counts half of the
    members. A large cluster may therefore be split several times, while
    others stay as they are.

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
    counts = counts.cpu().numpy().astype(np.int64)
    if (counts > 0).all():
        return centroids
    spare = max(int(counts.sum()) - len(counts), 1)
    hazards = SumTree([_hazard(count, spare) for count in counts.tolist()])
    source = np.arange(len(counts))
    # Factors of even and of odd coordinates.
    factors = np.ones((len(counts), 2))
    shift = np.array([PERTURBATION, -PERTURBATION])
    empty = np.flatnonzero(counts == 0).tolist()
    draws = torch.rand(len(empty), dtype=torch.float64, generator=generator)
    for new, draw in zip(empty, draws.tolist(), strict=True):
        if hazards.total == 0:
            break
        # How long faiss goes on until it takes a cluster, in hazards; the
        # rounds that it goes through without taking one do not matter.
        waited = -math.log1p(-draw) % hazards.total
        donor = hazards.find(waited)
        source[new] = source[donor]
        factors[new] = factors[donor] * (1 + shift)
        factors[donor] *= 1 - shift
        counts[new] = counts[donor] // 2
        counts[donor] -= counts[new]
        for cluster in new, donor:
            hazards[cluster] = _hazard(int(counts[cluster]), spare)
    changed = torch.from_numpy((factors != 1).any(axis=1).nonzero()[0])
    changed = changed.to(centroids.device)
    parity = torch.arange(centroids.size(1), device=centroids.device) % 2
    factors = torch.from_numpy(factors).to(centroids)[changed][:, parity]
    source = torch.from_numpy(source).to(centroids.device)[changed]
    result = centroids.clone()
    result[changed] = centroids[source] * factors
    return result


def _hazard(count: int, spare: int) -> float:
    """Minus the logarithm of the probability that faiss passes a cluster."""
    taken = min(max(count - 1, 0) / spare, _SURE)
    return -math.log1p(-taken)
