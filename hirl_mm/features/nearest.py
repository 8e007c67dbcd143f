"""Nearest neighbours within one set of features."""

from collections.abc import Iterator

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.ranks import gather_objects, rank_and_world_size

from .finite import check_finite
from .shard import Shard, holding_ranks, missing_samples
from .top_k import stable_top_k


@torch.no_grad()
def nearest_neighbors(
    features: Tensor,
    k: int,
    *,
    sample_idx: Tensor | None = None,
    chunk_size: int = 4096,
) -> Tensor:
    """Find the ``k`` rows most similar to every row, by cosine similarity.

    The search is exact. A row is not its own neighbour, but copies of it are
    neighbours. Rows are compared in blocks, so that no more than
    ``chunk_size ** 2`` similarities exist at a time. Blocks of a set that is
    distributed over ranks are broadcast to all ranks, one after the other.

    Args:
        features: (n, D) floating point; compared in float32 or better.
        k: Number of neighbours of every row, less than the number of rows.
        sample_idx: (n,) long, if the set of N rows is distributed over all
            ranks: indices of the rows of this rank in the set. Over all ranks
            every index from 0 to N - 1 must occur exactly once. This is then
            a collective call. None if this process holds the whole set.
        chunk_size: Number of rows in a block.

    Returns:
        (n, k) long, neighbours of every row, the most similar first: indices
        of rows, or sample indices if ``sample_idx`` is given. If two computed
        similarities are equal, the neighbour with the smaller index comes
        first.

    Raises:
        ValueError: If the shapes do not match, ``k`` is out of range, or the
            sample indices are not the numbers from 0 to N - 1.
        NonFiniteFeaturesError: If a feature is NaN or infinite.

    Example:
        >>> features = torch.tensor([[1., 0.], [4., 1.], [0., 1.], [2., 0.]])
        >>> nearest_neighbors(features, k=2)
        tensor([[3, 1],
                [0, 3],
                [1, 0],
                [0, 1]])
    """
    shard = _checked(features, k, sample_idx, chunk_size)
    dtype = torch.promote_types(features.dtype, torch.float32)
    best = features.new_empty(len(features), 0, dtype=dtype)
    neighbors = best.long()
    for rows, row_idx in _blocks(shard, chunk_size, dtype):
        found = [
            _merge(values, idx, queries.to(dtype), own, rows, row_idx, k)
            for values, idx, queries, own in zip(
                best.split(chunk_size),
                neighbors.split(chunk_size),
                features.split(chunk_size),
                shard.sample_idx.split(chunk_size),
                strict=True,
            )
        ]
        best, neighbors = (
            torch.cat(parts) for parts in zip(*found, strict=True)
        )
    return neighbors


def _blocks(
    shard: Shard, chunk_size: int, dtype: torch.dtype
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield blocks of normalised rows with their ascending sample indices.

    Every rank yields the blocks of all ranks, in the same order.
    """
    rank, num = 0, [len(shard.features)]
    if shard.is_spread:
        rank, _ = rank_and_world_size()
        num = gather_objects(num[0])
    order = shard.sample_idx.argsort()
    for source, num_rows in enumerate(num):
        for start in range(0, num_rows, chunk_size):
            size = min(chunk_size, num_rows - start)
            if source == rank:
                part = order[start : start + size]
                rows = F.normalize(shard.features[part].to(dtype), dim=1)
                row_idx = shard.sample_idx[part]
            else:
                dim = shard.features.size(1)
                rows = shard.features.new_empty(size, dim, dtype=dtype)
                row_idx = shard.sample_idx.new_empty(size)
            if shard.is_spread:
                dist.broadcast(rows, source)
                dist.broadcast(row_idx, source)
            yield rows, row_idx


def _merge(
    best: Tensor,
    neighbors: Tensor,
    queries: Tensor,
    own: Tensor,
    rows: Tensor,
    row_idx: Tensor,
    k: int,
) -> tuple[Tensor, Tensor]:
    """Merge the neighbours found so far with those in another block."""
    similarities = F.normalize(queries, dim=1) @ rows.T
    similarities.masked_fill_(own[:, None] == row_idx, -torch.inf)
    values, position = stable_top_k(similarities, k)
    neighbors, order = torch.cat([neighbors, row_idx[position]], 1).sort(1)
    best = torch.cat([best, values], 1).gather(1, order)
    best, position = stable_top_k(best, k)
    return best, neighbors.gather(1, position)


def _checked(
    features: Tensor, k: int, sample_idx: Tensor | None, chunk_size: int
) -> Shard:
    if features.ndim != 2 or not features.is_floating_point():
        raise ValueError(
            'features must be a floating point tensor (n, D), got '
            f'{features.dtype} of shape {tuple(features.shape)}'
        )
    if sample_idx is not None and sample_idx.shape != features.shape[:1]:
        raise ValueError(
            f'sample_idx must hold one index for each of the {len(features)} '
            f'rows, got shape {tuple(sample_idx.shape)}'
        )
    if chunk_size < 1:
        raise ValueError(f'chunk_size must be at least 1, got {chunk_size}')
    shard = Shard(features.detach(), sample_idx)
    if not 1 <= k < shard.total:
        raise ValueError(
            'k must be at least 1 and less than the number of rows, since no '
            f'row is its own neighbour, got k = {k} and {shard.total} rows'
        )
    if sample_idx is not None:
        holder = holding_ranks(shard.sample_idx, shard.total)
        missing = missing_samples(holder)
        if len(missing):
            raise ValueError(
                'the sample indices must be the numbers from 0 to '
                f'{shard.total - 1}, but {len(missing)} are missing, the '
                f'first {missing[:5].tolist()}'
            )
    check_finite(shard.features, shard.sample_idx, over_ranks=shard.is_spread)
    return shard
