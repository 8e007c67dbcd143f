"""Initial centroids from an earlier tree."""

import torch
from torch import Tensor

from hirl_mm.features import Shard
from hirl_mm.structures import PrototypeTree


def initial_centroids(
    start: PrototypeTree, level: int, num: int, shard: Shard, seed: int
) -> Tensor:
    """Return the prototypes of a level of a tree as initial centroids.

    If the level has more than K prototypes, those with the most samples are
    used; if it has fewer, random rows are added.

    Args:
        start: Earlier tree.
        level: Level of the tree.
        num: Number of centroids K.
        shard: Rows to cluster, of dimension D.
        seed: Seed of the random rows.

    Returns:
        (K, D), on the device of the rows.
    """
    centroids = start.centroids[level].to(shard.features)
    if num < len(centroids):
        sizes = start.sizes(level).to(centroids.device)
        return centroids[sizes.argsort(descending=True, stable=True)[:num]]
    missing = num - len(centroids)
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(shard.total, generator=generator)[:missing]
    return torch.cat([centroids, shard.rows(drawn.to(centroids.device))])


def check_start(start: PrototypeTree, num_levels: int, dim: int) -> None:
    """Raise ValueError unless a tree can be used for a warm start.

    Args:
        start: Earlier tree.
        num_levels: Number of levels L of the new tree.
        dim: Dimension D of the features.
    """
    found = start.num_levels, start.centroids[0].size(1)
    if found != (num_levels, dim):
        raise ValueError(
            f'a tree of {found[0]} levels and {found[1]} dimensions cannot be '
            f'the warm start of a tree of {num_levels} levels and {dim} '
            'dimensions: use a cold start, with start=None'
        )
