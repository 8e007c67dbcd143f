"""Clusters that have lost all their members."""

import torch
from torch import Tensor

# Relative distance between the two halves of a split cluster, as in faiss.
PERTURBATION = 1 / 1024


def split_into_empty(
    centroids: Tensor, counts: Tensor, generator: torch.Generator
) -> Tensor:
    """Give every empty cluster one half of a populous one.

    As faiss does: the donor is drawn with a probability that grows with its
    size (count - 1), its centroid is copied, and the coordinates of the two
    are multiplied by 1 +- 1/1024, the signs alternating over coordinates and
    opposite in the two, so that the members divide between them. Unlike
    faiss, which walks over the empty clusters one by one, all donors of a
    round are drawn at once; further rounds, each with half the perturbation
    of the one before, follow while clusters are empty.

    Args:
        centroids: (K, D), the means; rows of empty clusters are ignored.
        counts: (K,), number of members of each cluster; at least K in all.
        generator: Random numbers of the donors; on the CPU, so that all
            ranks draw the same.

    Returns:
        (K, D), without an empty cluster.
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
