"""Rows of a set that is spread over ranks, block by block on every rank."""

from collections.abc import Iterator
from typing import NamedTuple

import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import gather_objects, rank_and_world_size

from .fixed_point import inverse_norms, unit_rows
from .shard import Shard


class RowBlock(NamedTuple):
    """Successive rows of one rank.

    Args:
        rows: (c, D), the rows as they were given.
        inverse: (c,) float64, their inverse norms.
        sample_idx: (c,) long, their indices in the whole set.
        start: Number of the first of them in this rank, None if another rank
            holds them.
    """

    rows: Tensor
    inverse: Tensor
    sample_idx: Tensor
    start: int | None

    def unit(self, chosen: Tensor | slice = slice(None)) -> Tensor:
        """Return chosen rows with unit length, float64 in fixed point."""
        return unit_rows(self.rows[chosen], self.inverse[chosen])


class RowBlocks:
    """The blocks of all ranks, in the same order on every rank.

    Args:
        shard: The rows of this rank.
        chunk_size: Largest number of rows in a block.
    """

    def __init__(self, shard: Shard, chunk_size: int) -> None:
        self.shard = shard
        self.chunk_size = chunk_size
        self.inverse = inverse_norms(shard.features)
        self.sizes = [len(shard.features)]
        self.rank = 0
        if shard.is_spread:
            self.rank, _ = rank_and_world_size()
            self.sizes = gather_objects(self.sizes[0])

    def own(self) -> Iterator[RowBlock]:
        """Yield the blocks of this rank."""
        for start in range(0, len(self.shard.features), self.chunk_size):
            part = slice(start, start + self.chunk_size)
            yield RowBlock(
                self.shard.features[part],
                self.inverse[part],
                self.shard.sample_idx[part],
                start,
            )

    def __iter__(self) -> Iterator[RowBlock]:
        """Yield the blocks of all ranks, a collective call per block."""
        own = self.own()
        for source, num in enumerate(self.sizes):
            for start in range(0, num, self.chunk_size):
                size = min(self.chunk_size, num - start)
                block = next(own) if source == self.rank else self._new(size)
                if self.shard.is_spread:
                    for part in block[:3]:
                        dist.broadcast(part, source)
                yield block

    def _new(self, size: int) -> RowBlock:
        rows = self.shard.features.new_empty(size, self.shard.features.size(1))
        inverse = self.inverse.new_empty(size)
        return RowBlock(
            rows, inverse, self.shard.sample_idx.new_empty(size), None
        )
