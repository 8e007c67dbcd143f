"""Exact order of candidates, and an exact search without candidates."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .fixed_point import unit_rows
from .row_blocks import RowBlocks
from .top_k import stable_top_k

# Pairs of rows that are multiplied at a time.
_PAIRS = 4096


def rank_candidates(
    blocks: RowBlocks,
    scores: Tensor,
    idx: Tensor,
    settled: Tensor,
    k: int,
    apart: float,
) -> Tensor:
    """Return the ``k`` nearest of the candidates of every row.

    Candidates whose products differ by more than ``apart`` are in the right
    order. The others are multiplied exactly. A collective call.

    Args:
        blocks: Rows of all ranks.
        scores: (n, m) float32, computed products in descending order.
        idx: (n, m) long, sample indices of the candidates.
        settled: (n,) bool, whether the nearest rows are among the candidates;
            other rows are left as they are.
        k: Number of neighbours, at most m.
        apart: Twice the bound of the error of a product.

    Returns:
        (n, k) long, the most similar first; of equal ones the smaller index.
    """
    exact = scores.double()
    close = exact[:, :-1] - exact[:, 1:] <= apart
    unclear = F.pad(close, (1, 0)) | F.pad(close, (0, 1))
    possible = exact >= exact[:, k - 1 : k] - apart
    unclear &= possible & settled[:, None]
    row, place = unclear.nonzero(as_tuple=True)
    exact[row, place] = _pair_products(blocks, row, idx[row, place])
    idx, order = idx.sort(1)
    exact = exact.gather(1, order)
    return idx.gather(1, stable_top_k(exact, k)[1])


def search_exactly(blocks: RowBlocks, chosen: Tensor, k: int) -> Tensor:
    """Find the ``k`` nearest rows by exact products with all rows.

    A collective call.

    Args:
        blocks: Rows of all ranks.
        chosen: (q,) long, rows of this rank to find neighbours for.
        k: Number of neighbours.

    Returns:
        (q, k) long, as :func:`rank_candidates` does.
    """
    shard = blocks.shard
    best = blocks.inverse.new_empty(len(chosen), 0)
    found = chosen.new_empty(len(chosen), 0)
    for block in blocks:
        # Ties go to the first column, which has the smallest index.
        idx, order = block.sample_idx.sort()
        rows = block.unit(order)
        width = min(k, found.size(1) + len(rows))
        kept = best.new_empty(len(chosen), width)
        kept_idx = found.new_empty(kept.shape)
        for start in range(0, len(chosen), blocks.chunk_size):
            part = slice(start, start + blocks.chunk_size)
            queries = chosen[part]
            unit = unit_rows(shard.features[queries], blocks.inverse[queries])
            products = unit @ rows.T
            own = shard.sample_idx[queries]
            products.masked_fill_(own[:, None] == idx, -torch.inf)
            kept[part], kept_idx[part] = _merge(
                best[part], found[part], products, idx, k
            )
        best, found = kept, kept_idx
    return found


def _merge(
    best: Tensor, found: Tensor, products: Tensor, idx: Tensor, k: int
) -> tuple[Tensor, Tensor]:
    """Merge the best rows found so far with those in another block."""
    values, position = stable_top_k(products, k)
    found, order = torch.cat([found, idx[position]], 1).sort(1)
    best = torch.cat([best, values], 1).gather(1, order)
    best, position = stable_top_k(best, k)
    return best, found.gather(1, position)


def _pair_products(blocks: RowBlocks, row: Tensor, idx: Tensor) -> Tensor:
    """Return the exact products of rows of this rank with rows of any rank.

    A collective call.

    Args:
        blocks: Rows of all ranks.
        row: (p,) long, rows of this rank.
        idx: (p,) long, sample indices of the rows to multiply them with.

    Returns:
        (p,) float64.
    """
    shard = blocks.shard
    products = blocks.inverse.new_empty(len(row))
    # The pairs in the order of the sample indices of their second rows.
    idx, order = idx.sort()
    for block in blocks:
        ends = block.sample_idx
        first = torch.searchsorted(idx, ends)
        count = torch.searchsorted(idx, ends, right=True) - first
        place = torch.arange(len(ends), device=ends.device)
        place = place.repeat_interleave(count)
        number = torch.arange(len(place), device=ends.device)
        number += (first - count.cumsum(0) + count)[place]
        pairs = order[number]
        for pair, other in zip(
            pairs.split(_PAIRS), place.split(_PAIRS), strict=True
        ):
            mine = row[pair]
            unit = unit_rows(shard.features[mine], blocks.inverse[mine])
            products[pair] = (unit * block.unit(other)).sum(1)
    return products
