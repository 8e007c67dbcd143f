"""Candidates for the nearest neighbours, found by fast products.

**What is promised.** Let ``s`` be the exact inner product of two unit rows in
fixed point (:mod:`.fixed_point`) and ``s'`` the computed product of their
roundings to float32 or tf32. Then ``|s' - s| <= e``, see
:func:`product_error`. If the candidates of a row are the m rows with the
largest s', and the k-th largest s' is more than 2 e above the m-th, then any
other row has ``s <= s'_m + e < s'_k - e``, which is at most the s of each of
the first k candidates. It is therefore not among the k nearest.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .best_scores import GROUP, update_best
from .fixed_point import rows_at_a_time, unit_rows
from .row_blocks import RowBlock, RowBlocks
from .tf32 import matmul_precision, to_tf32

# Number of candidates besides the k nearest. More of them leave fewer rows to
# search again, but take longer to keep.
SPARE = 8


def find_candidates(
    blocks: RowBlocks, num: int, precision: str
) -> tuple[Tensor, Tensor]:
    """Find the most similar rows of every row of this rank by fast products.

    A collective call. Two blocks of this rank are compared once for both.

    Args:
        blocks: Rows of all ranks.
        num: Number of candidates m, less than the number of all rows.
        precision: ``'fp32'``, or ``'tf32'`` on a GPU.

    Returns:
        Products (n, m) float32, in descending order, and sample indices
        (n, m) long.
    """
    features = blocks.shard.features
    best = features.new_full(
        (len(features), num), -torch.inf, dtype=torch.float32
    )
    best_idx = blocks.shard.sample_idx.new_zeros(best.shape)
    side = min(blocks.chunk_size, max(blocks.sizes))
    side = -(-side // GROUP) * GROUP
    scratch = torch.empty(side, side, device=best.device)
    for block in blocks:
        rows = operand(block, precision)
        for number, own in enumerate(blocks.own()):
            start = number * blocks.chunk_size
            mine = slice(start, start + len(own.rows))
            if block.start is not None and start < block.start:
                continue  # was compared when that block came
            same = start == block.start
            queries = rows if same else operand(own, precision)
            scores = _product(queries, rows, precision, scratch)
            if same:
                scores.diagonal().fill_(-torch.inf)
            part = scores[: len(queries)]
            update_best(best[mine], best_idx[mine], part, _filled(block, side))
            if block.start is not None and not same:
                theirs = slice(block.start, block.start + len(rows))
                part = scores.T[: len(rows)]
                update_best(
                    best[theirs], best_idx[theirs], part, _filled(own, side)
                )
    return best, best_idx


def product_error(dim: int, precision: str) -> float:
    """Return the bound e for rows of ``dim`` coordinates.

    A row is rounded by at most 2^-24 of itself to float32, and by another
    2^-11 to tf32. A product has at most ``D`` roundings of 2^-24 per term in
    float32, in any order and with or without FMA; for tensor cores, which cut
    instead of rounding, the bound is ``(3 D / 2 + 8) 2^-23``, as derived in
    :mod:`hirl_mm.clustering.exact_bounds`. The sum is 1% larger than that, for
    terms of higher order and for the rounding to fixed point, which makes unit
    rows longer by at most ``sqrt(D)`` times 2^-27.
    """
    if precision == 'tf32':
        rounding, product = 2.0**-11 + 2.0**-24, (1.5 * dim + 8) * 2.0**-23
    else:
        rounding, product = 2.0**-24, (dim + 8) * 2.0**-24
    return 1.01 * (2 * rounding + product) * (1 + math.sqrt(dim) * 2.0**-26)


def operand(block: RowBlock, precision: str) -> Tensor:
    """Return the unit rows of a block as the products take them, (c, D)."""
    num = rows_at_a_time(block.rows)
    parts = zip(block.rows.split(num), block.inverse.split(num), strict=True)
    rows = torch.cat([unit_rows(*part).float() for part in parts])
    return to_tf32(rows) if precision == 'tf32' else rows


def _product(
    queries: Tensor, rows: Tensor, precision: str, scratch: Tensor
) -> Tensor:
    """Return products (q, c), filled up with minus infinity to a square."""
    if min(len(queries), len(rows)) < len(scratch):
        scratch.fill_(-torch.inf)
    # Autocast leaves products into given memory as they are.
    with matmul_precision(precision):
        torch.mm(queries, rows.T, out=scratch[: len(queries), : len(rows)])
    return scratch


def _filled(block: RowBlock, side: int) -> Tensor:
    return F.pad(block.sample_idx, (0, side - len(block.rows)))
