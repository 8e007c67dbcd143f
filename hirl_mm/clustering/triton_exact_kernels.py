"""Triton kernels of :mod:`.triton_exact`.

Import it by ``require_exact_kernels``, which checks that Triton is installed.
The steps that comments name are those of :mod:`.exact_bounds`.
"""

import triton
import triton.language as tl

from .exact_bounds import NARROWER, UNSEEN_ROUNDING, WIDER
from .triton_kernels import first_best

_WIDER = tl.constexpr(WIDER)
_NARROWER = tl.constexpr(NARROWER)
_UNSEEN = tl.constexpr(UNSEEN_ROUNDING)
# Rows whose candidacy is read at a time.
_STEP = tl.constexpr(1024)
# Exponent field of float32 that a scale takes from the field of the largest
# coordinate, so that the product lies in [2^13, 2^14).
_FIELD = tl.constexpr(2 * 127 + 13)


@triton.jit
def round_kernel(
    x_ptr,
    mean_ptr,
    scale_ptr,
    rounded_ptr,
    facts_ptr,
    num_rows,
    num_padded,
    dim,
    row_stride,
    column_stride,
    slack,
    OWN_SCALE: tl.constexpr,
    DEPTH: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Round ``(x - mean) * scale`` to fp16 and measure what that costs.

    x (num_rows, dim) may have any strides; rounded is (num_padded, DEPTH),
    filled up with zeros. With OWN_SCALE every row is multiplied by a power of
    two of its own before. facts (4, num_padded) are the inverse of this power,
    and the fields of RowFacts.
    """
    rows = tl.program_id(0).to(tl.int64) * BLOCK_M + tl.arange(0, BLOCK_M)
    depth = tl.arange(0, BLOCK_D).to(tl.int64)
    inside = rows < num_rows
    scale = tl.load(scale_ptr)
    x_row = x_ptr + rows[:, None] * row_stride
    own = tl.full((BLOCK_M,), 1.0, tl.float32)
    inverse = own
    if OWN_SCALE:
        top = tl.zeros((BLOCK_M,), tl.float32)
        for d in range(0, DEPTH, BLOCK_D):
            column = d + depth
            mask = inside[:, None] & (column < dim)[None, :]
            x = tl.load(x_row + column[None, :] * column_stride, mask, 0.0)
            mean = tl.load(mean_ptr + column, column < dim, 0.0)
            x = tl.where(mask, x.to(tl.float32) - mean[None, :], 0.0) * scale
            top = tl.maximum(top, tl.max(tl.abs(x), 1))
        field = _FIELD - (top.to(tl.int32, bitcast=True) >> 23)
        field = tl.minimum(tl.maximum(field, 1), 253)
        own = (field << 23).to(tl.float32, bitcast=True)
        inverse = ((254 - field) << 23).to(tl.float32, bitcast=True)
    square = tl.zeros((BLOCK_M,), tl.float32)
    lost = tl.zeros((BLOCK_M,), tl.float32)
    for d in range(0, DEPTH, BLOCK_D):
        column = d + depth
        mask = inside[:, None] & (column < dim)[None, :]
        x = tl.load(x_row + column[None, :] * column_stride, mask, 0.0)
        mean = tl.load(mean_ptr + column, column < dim, 0.0)
        x = tl.where(mask, x.to(tl.float32) - mean[None, :], 0.0) * scale
        rounded = (x * own[:, None]).to(tl.float16)
        tl.store(rounded_ptr + rows[:, None] * DEPTH + column, rounded)
        rounded = rounded.to(tl.float32) * inverse[:, None]
        square += tl.sum(rounded * rounded, 1)
        lost += tl.sum((x - rounded) * (x - rounded), 1)
    rounding = tl.sqrt(lost) * slack + _UNSEEN
    length = tl.sqrt(square) * slack + rounding
    tl.store(facts_ptr + rows, inverse)
    tl.store(facts_ptr + num_padded + rows, square)
    tl.store(facts_ptr + 2 * num_padded + rows, length)
    tl.store(facts_ptr + 3 * num_padded + rows, rounding)


@triton.jit
def bounds_kernel(
    x_ptr,
    c_ptr,
    bias_ptr,
    facts_ptr,
    group_ptr,
    lower_ptr,
    upper_ptr,
    num_rows,
    num_clusters,
    share,
    products,
    sums,
    DEPTH: tl.constexpr,
    SPLITS: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Bound the squared distances of rows to groups of BLOCK_N centroids.

    As in ``nearest_kernel``, neighbouring programs process the same rows, each
    with its own share of the centroids; but only the best score of a tile is
    needed and not where it is, so that beside the product a score takes one
    FMA and one maximum.

    lower (num_clusters / BLOCK_N, num_rows) is the lower line of (c), upper
    (SPLITS, num_rows) the smallest upper line of a share of the groups. facts
    (4, num_rows) are those of ``round_kernel``, group (3, num_clusters /
    BLOCK_N) are GroupFacts. products and sums are Constants.
    """
    split = tl.program_id(0) % SPLITS
    rows = tl.program_id(0) // SPLITS * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = tl.arange(0, BLOCK_N)
    depth = tl.arange(0, BLOCK_D)
    first = split * share
    last = min(first + share, num_clusters)
    num_groups = num_clusters // BLOCK_N
    smallest = tl.full((BLOCK_M,), float('inf'), tl.float32)
    x_tile = x_ptr + rows[:, None] * DEPTH + depth[None, :]
    if DEPTH == BLOCK_D:
        x = tl.load(x_tile)
    inverse = tl.load(facts_ptr + rows)
    for start in tl.range(first, last, BLOCK_N, flatten=True):
        c_tile = c_ptr + (start + columns)[:, None] * DEPTH + depth[None, :]
        if DEPTH == BLOCK_D:
            bias = tl.load(bias_ptr + start + columns)
            score = tl.dot(x, tl.load(c_tile).T)
        else:
            score = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
            for d in range(0, DEPTH, BLOCK_D):
                score = tl.dot(
                    tl.load(x_tile + d), tl.load(c_tile + d).T, score
                )
            bias = tl.load(bias_ptr + start + columns)
        best = tl.max(score * inverse[:, None] + bias[None, :], 1)
        # The facts are read again for every tile: they stay in the L1 cache,
        # where they take no registers from the product.
        square = tl.load(facts_ptr + num_rows + rows)
        length = tl.load(facts_ptr + 2 * num_rows + rows)
        rounding = tl.load(facts_ptr + 3 * num_rows + rows)
        group = start // BLOCK_N
        own = sums * length * length
        own += tl.load(group_ptr + 2 * num_groups + group)
        error = products * length * tl.load(group_ptr + group) + own
        apart = rounding + tl.load(group_ptr + num_groups + group)
        square -= 2 * best
        upper = tl.sqrt(tl.maximum(square + error, 0.0)) + apart
        upper = (upper * upper + own) * _WIDER
        lower = tl.sqrt(tl.maximum(square - error, 0.0)) * _NARROWER - apart
        lower = tl.maximum(lower, 0.0)
        lower = lower * lower * _NARROWER - own * _WIDER
        smallest = tl.minimum(smallest, upper)
        tl.store(lower_ptr + group.to(tl.int64) * num_rows + rows, lower)
    tl.store(upper_ptr + split * num_rows + rows, smallest)


@triton.jit
def candidates_kernel(
    x_ptr,
    mean_ptr,
    c_ptr,
    bias_ptr,
    lower_ptr,
    upper_ptr,
    place_ptr,
    best_ptr,
    searched_ptr,
    num_rows,
    num_padded,
    num_groups,
    num_clusters,
    dim,
    row_stride,
    column_stride,
    SPLITS: tl.constexpr,
    WINDOW: tl.constexpr,
    GROUP: tl.constexpr,
    DEPTH: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Search the groups that are not excluded, in float32.

    A program has one group of GROUP centroids and WINDOW rows. It lists the
    rows for which the group is not excluded, and then computes their scores in
    tiles, with the numbers and in the order of ``nearest_kernel``. x
    (num_rows, dim) are the rows as they are given, c (num_clusters, DEPTH) and
    bias those of a search in float32.

    best (num_rows,) int64 holds for every row the best score so far, see
    ``_as_key``; the maximum of keys does not depend on the order of programs.
    place (num_groups, num_padded) int16 is scratch. searched (1,) int64 counts
    pairs of a row and a group.
    """
    group = tl.program_id(0) % num_groups
    window = tl.program_id(0) // num_groups * WINDOW
    line = group.to(tl.int64) * num_padded + window
    count = 0
    for start in range(0, WINDOW, _STEP):
        place = start + tl.arange(0, _STEP)
        inside = window + place < num_rows
        lower = tl.load(lower_ptr + line + place, inside, float('inf'))
        upper = tl.full((_STEP,), float('inf'), tl.float32)
        for split in tl.static_range(SPLITS):
            here = upper_ptr + split * num_padded + window + place
            upper = tl.minimum(upper, tl.load(here, inside, float('inf')))
        # A bound that is not a number excludes nothing.
        wanted = ((lower > upper) == 0) & inside
        rank = count + tl.cumsum(wanted.to(tl.int32), 0) - 1
        tl.store(place_ptr + line + rank, place.to(tl.int16), wanted)
        count += tl.sum(wanted.to(tl.int32), 0)
    tl.debug_barrier()
    tl.atomic_add(searched_ptr, count.to(tl.int64))
    columns = tl.arange(0, BLOCK_N)
    depth = tl.arange(0, BLOCK_D)
    for start in range(0, count, BLOCK_M):
        listed = start + tl.arange(0, BLOCK_M)
        inside = listed < count
        place = tl.load(place_ptr + line + listed, inside, 0).to(tl.int64)
        rows = window + place
        x_row = x_ptr + rows[:, None] * row_stride
        for first in range(0, GROUP, BLOCK_N):
            column = group * GROUP + first + columns
            known = column < num_clusters
            c_row = c_ptr + column[:, None] * DEPTH
            score = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
            for d in range(0, DEPTH, BLOCK_D):
                mask = inside[:, None] & (d + depth < dim)[None, :]
                where = (d + depth).to(tl.int64)[None, :] * column_stride
                x = tl.load(x_row + where, mask, 0.0).to(tl.float32)
                mean = tl.load(mean_ptr + d + depth, d + depth < dim, 0.0)
                x = tl.where(mask, x - mean[None, :], 0.0)
                c = tl.load(c_row + d + depth[None, :], known[:, None], 0.0)
                score = tl.dot(x, c.T, score, input_precision='ieee')
            bias = tl.load(bias_ptr + column, known, float('-inf'))
            top, index = first_best(score + bias[None, :], columns)
            key = _as_key(top, group * GROUP + first + index)
            tl.atomic_max(best_ptr + rows, key, inside & (top > float('-inf')))


@triton.jit
def _as_key(score, index):
    """Return int64 numbers in the order of scores, equal ones by -index."""
    score = tl.where(score == 0, 0.0, score)  # 0 and -0 are equal
    bits = score.to(tl.int32, bitcast=True)
    bits = tl.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return (bits.to(tl.int64) << 32) | (0x7FFFFFFF - index).to(tl.int64)
