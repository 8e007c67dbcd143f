"""Replacing the centroids of empty clusters."""

import numpy as np
import torch
from torch import Tensor

# Relative shift of the two halves of a split cluster, as in faiss.
PERTURBATION = 1 / 1024


def split_into_empty(
    centroids: Tensor, counts: Tensor, generator: torch.Generator
) -> Tensor:
    """Split large clusters to replace empty ones, as faiss does.

    Empty clusters are replaced one after another. A cluster to split is drawn,
    see :func:`draw_probabilities`; its centroid is copied to the empty
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
    counts = counts.cpu().numpy().astype(np.int64)
    if (counts > 0).all():
        return centroids
    source = np.arange(len(counts))
    # Factors of even and of odd coordinates.
    factors = np.ones((len(counts), 2))
    shift = np.array([PERTURBATION, -PERTURBATION])
    for empty in np.flatnonzero(counts == 0):
        cumulative = np.cumsum(draw_probabilities(counts))
        if cumulative[-1] == 0:
            break
        drawn = torch.rand((), dtype=torch.float64, generator=generator)
        drawn = float(drawn) * cumulative[-1]
        donor = np.searchsorted(cumulative, drawn, side='right')
        source[empty] = source[donor]
        factors[empty] = factors[donor] * (1 + shift)
        factors[donor] *= 1 - shift
        counts[empty] = counts[donor] // 2
        counts[donor] -= counts[empty]
    changed = torch.from_numpy((factors != 1).any(axis=1).nonzero()[0])
    changed = changed.to(centroids.device)
    parity = torch.arange(centroids.size(1), device=centroids.device) % 2
    factors = torch.from_numpy(factors).to(centroids)[changed][:, parity]
    source = torch.from_numpy(source).to(centroids.device)[changed]
    result = centroids.clone()
    result[changed] = centroids[source] * factors
    return result


def draw_probabilities(counts: np.ndarray) -> np.ndarray:
    """Return how probably each cluster is the next one to be split.

    faiss goes through the clusters in order, again and again, and takes a
    cluster with probability ``(count - 1) / (N - K)``, where N is the number
    of members of all K clusters.

    Args:
        counts: (K,) integers, number of members of each cluster.

    Returns:
        (K,) float64, probabilities up to a common factor; 0 for clusters with
        fewer than two members.
    """
    spare = max(int(counts.sum()) - len(counts), 1)
    taken = np.clip((counts - 1) / spare, 0, 1)
    # The share of rounds that reach a cluster: all before it were passed.
    reached = np.cumprod(np.concatenate([[1.0], 1 - taken[:-1]]))
    return taken * reached
