"""Triton kernels of :mod:`.triton_assignment` and :mod:`.cluster_sums`.

This module and :mod:`.triton_exact_kernels` are the only ones that import
Triton. Import it by ``require_kernels``, which checks that it is installed.
"""

import triton
import triton.language as tl


@triton.jit
def first_best(score, columns):
    """Return the maximum of every row of a tile, and its first column.

    ``tl.max`` with ``return_indices`` takes as many instructions on small
    tiles, but spills registers on the widest ones, and takes more if FMA units
    computed the tile.
    """
    top = tl.max(score, 1)
    attained = score == top[:, None]
    # In a row of NaN no column is equal to the maximum. Any column will do,
    # since NaN is never better than the best score so far.
    column = tl.where(attained, columns[None, :], score.shape[1])
    return top, tl.min(column, 1)


@triton.jit
def nearest_kernel(
    x_ptr,
    c_ptr,
    bias_ptr,
    best_ptr,
    label_ptr,
    num_rows,
    num_clusters,
    share,
    DEPTH: tl.constexpr,
    SPLITS: tl.constexpr,
    PRECISION: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Find the best ``x.c + bias`` of a block of rows and a share of c.

    x (num_rows, DEPTH) and c (num_clusters, DEPTH) are padded to whole
    blocks, and the bias of padding is minus infinity, so no masks are needed.
    best and label are (SPLITS, num_rows): neighbouring programs process the
    same rows, each with its own share of the centroids, so that few different
    rows are in the L2 cache at a time.

    Registers hold one tile of scores and one best score per row. One best
    score per lane of the tile, reduced once at the end, would save a fifth of
    the instructions besides the products, but needs 220 registers per thread
    instead of 121: a second program, which multiplies while the first one
    reduces, would not fit on the SM.
    """
    split = tl.program_id(0) % SPLITS
    rows = tl.program_id(0) // SPLITS * BLOCK_M + tl.arange(0, BLOCK_M)
    columns = tl.arange(0, BLOCK_N)
    depth = tl.arange(0, BLOCK_D)
    first = split * share
    last = min(first + share, num_clusters)
    best = tl.full((BLOCK_M,), float('-inf'), tl.float32)
    label = tl.zeros((BLOCK_M,), tl.int32)
    x_tile = x_ptr + rows[:, None] * DEPTH + depth[None, :]
    if DEPTH == BLOCK_D:
        x = tl.load(x_tile)
    # flatten lets the loads of the next tile start before this one is reduced.
    for start in tl.range(first, last, BLOCK_N, flatten=True):
        c_tile = c_ptr + (start + columns)[:, None] * DEPTH + depth[None, :]
        if DEPTH == BLOCK_D:
            # Before the product, so that both loads overlap.
            bias = tl.load(bias_ptr + start + columns)
            score = tl.dot(x, tl.load(c_tile).T, input_precision=PRECISION)
        else:
            score = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
            for d in range(0, DEPTH, BLOCK_D):
                score = tl.dot(
                    tl.load(x_tile + d),
                    tl.load(c_tile + d).T,
                    score,
                    input_precision=PRECISION,
                )
            # After the product, since no registers are free before it.
            bias = tl.load(bias_ptr + start + columns)
        score += bias[None, :]
        top, column = first_best(score, columns)
        better = top > best
        best = tl.where(better, top, best)
        label = tl.where(better, start + column, label)
    tl.store(best_ptr + split * num_rows + rows, best)
    tl.store(label_ptr + split * num_rows + rows, label)


@triton.jit
def distance_kernel(
    x_ptr,
    c_ptr,
    label_ptr,
    distance_ptr,
    num_rows,
    dim,
    row_stride,
    column_stride,
    BLOCK_M: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Compute the squared distance of every row of x to its centroid.

    x (num_rows, dim) may have any strides and more than 2^31 elements; c (K,
    dim) is contiguous. The distances are float32.
    """
    rows = tl.program_id(0).to(tl.int64) * BLOCK_M + tl.arange(0, BLOCK_M)
    depth = tl.arange(0, BLOCK_D).to(tl.int64)
    inside = rows < num_rows
    label = tl.load(label_ptr + rows, mask=inside, other=0)
    total = tl.zeros((BLOCK_M,), tl.float32)
    for d in range(0, dim, BLOCK_D):
        mask = inside[:, None] & (d + depth < dim)[None, :]
        x = tl.load(
            x_ptr
            + rows[:, None] * row_stride
            + (d + depth)[None, :] * column_stride,
            mask=mask,
            other=0.0,
        )
        c = tl.load(
            c_ptr + label[:, None] * dim + (d + depth)[None, :],
            mask=mask,
            other=0.0,
        )
        difference = x.to(tl.float32) - c
        total += tl.sum(difference * difference, 1)
    tl.store(distance_ptr + rows, total, mask=inside)


@triton.jit
def segment_sum_kernel(
    x_ptr,
    order_ptr,
    bounds_ptr,
    sum_ptr,
    dim,
    row_stride,
    column_stride,
    BLOCK_M: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Sum the rows ``x[order[bounds[k]:bounds[k + 1]]]`` for every k.

    A program sums some columns of one k, always in the same order, and reads
    the rows in place.
    """
    cluster = tl.program_id(0).to(tl.int64)
    columns = tl.program_id(1) * BLOCK_D + tl.arange(0, BLOCK_D).to(tl.int64)
    wanted = columns < dim
    first = tl.load(bounds_ptr + cluster)
    last = tl.load(bounds_ptr + cluster + 1)
    total = tl.zeros((BLOCK_D,), tl.float32)
    for start in range(first, last, BLOCK_M):
        place = start + tl.arange(0, BLOCK_M)
        inside = place < last
        row = tl.load(order_ptr + place, mask=inside, other=0)
        x = tl.load(
            x_ptr
            + row[:, None] * row_stride
            + columns[None, :] * column_stride,
            mask=inside[:, None] & wanted[None, :],
            other=0.0,
        )
        total += tl.sum(x.to(tl.float32), 0)
    tl.store(sum_ptr + cluster * dim + columns, total, mask=wanted)
