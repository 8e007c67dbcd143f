"""Initial centroids of k-means that follows an earlier tree."""

import torch
from torch import Tensor

from hirl_mm.features import Shard
from hirl_mm.structures import PrototypeTree


def initial_centroids(
    start: PrototypeTree, level: int, num: int, shard: Shard, seed: int
) -> Tensor:
    """Take the prototypes of a level of a tree, as many as are wanted.

    Of too many prototypes the most populous stay; missing ones are filled up
    with random rows.

    Args:
        start: The earlier tree.
        level: Level of the tree.
        num: Number of centroids K.
        shard: The rows to be clustered, of dimension D.
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
    """Raise ValueError unless a tree can be the start of another."""
    found = start.num_levels, start.centroids[0].size(1)
    if found != (num_levels, dim):
        raise ValueError(
            f'a warm start from a tree of {found[0]} levels and {found[1]} '
            f'dimensions cannot serve {num_levels} levels and {dim} '
            'dimensions: start cold, with start=None'
        )
