"""Replacing the centroids of empty clusters."""

import torch
from torch import Tensor

# Relative shift of the two halves of a split cluster, as in faiss.
PERTURBATION = 1 / 1024


def split_into_empty(
    centroids: Tensor, counts: Tensor, generator: torch.Generator
) -> Tensor:
    """Split large clusters to replace empty ones.

    As in faiss, a cluster to split is drawn with a probability proportional
    to its number of members minus 1. Its centroid is copied to the empty
    cluster, and the coordinates of the two centroids are multiplied by
    1 + s/1024 and 1 - s/1024, where the sign s alternates over coordinates,
    so that the members are divided between them. Unlike faiss, which replaces
    empty clusters one after another, all clusters to split in a round are
    drawn at once. Further rounds follow while there are empty clusters, each
    with half the shift of the previous one.

    Args:
        centroids: (K, D), means of the members of each cluster; rows of empty
            clusters are ignored.
        counts: (K,), number of members of each cluster, at least K in total.
        generator: Random number generator of the draws, on the CPU, so that
            all ranks draw the same clusters.

    Returns:
        (K, D), centroids with those of empty clusters replaced.
    """
    counts = counts.cpu().clone()
    if bool((counts > 0).all()):
        return centroids
    centroids = centroids.clone()
    shift = torch.full_like(centroids[0], PERTURBATION)
    shift[1::2] *= -1
    while True:
        empty = (counts == 0).nonzero()[:, 0]
        weight = (counts - 1).clamp(min=0).double()
        num = min(len(empty), int((weight > 0).sum()))
        if num == 0:
            return centroids
        empty = empty[:num]
        donor = torch.multinomial(weight, num, generator=generator)
        half = centroids[donor]
        centroids[empty] = half * (1 + shift)
        centroids[donor] = half * (1 - shift)
        counts[empty] = counts[donor] // 2
        counts[donor] -= counts[empty]
        shift /= 2
