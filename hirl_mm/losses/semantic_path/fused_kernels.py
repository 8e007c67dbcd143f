"""Triton kernels of :mod:`.fused`; no other module of the loss imports Triton.

Constants and clamps are those of :mod:`.repulsion` and :mod:`.loss`. A clamp
is written as ``tl.where(x < low, low, x)``, which keeps NaN as PyTorch's does;
``tl.maximum`` would replace it.
"""

import triton
import triton.language as tl

from .repulsion import EPS as _EPS

EPS = tl.constexpr(_EPS)
# Least cosine of the attraction.
LEAST_COSINE = tl.constexpr(_EPS - 1)
# torch.finfo(torch.float32).eps
TINY = tl.constexpr(2.0**-23)
# Lower bound of the norm in torch.nn.functional.normalize.
LEAST_NORM = tl.constexpr(1e-12)


@triton.jit
def _unit_row(row_ptr, columns, inside):
    """Return a row divided by its norm, and the norm, at least 1e-12."""
    row = tl.load(row_ptr + columns, mask=inside, other=0.0).to(tl.float32)
    norm = tl.sqrt(tl.sum(row * row, 0))
    norm = tl.where(norm < LEAST_NORM, LEAST_NORM, norm)
    return row / norm, norm


@triton.jit
def repulsion_kernel(
    z_ptr,
    centroids,
    paths_ptr,
    leaf_ptr,
    negatives_ptr,
    sums_ptr,
    partial_ptr,
    num_samples,
    num_negatives,
    share,
    splits,
    dim,
    FLOORED: tl.constexpr,
    LEVELS: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Sum the terms of a share of one sample's negative paths.

    z (LEVELS, num_samples, dim); centroids is a tuple of LEVELS pointers to
    (K_l, dim); paths (K_0, LEVELS); leaf (num_samples,); negatives
    (num_samples, num_negatives). Program (b, s) writes the sum of
    -log(1 - s(z, P-)) and the number of paths to sums (num_samples, splits,
    2), and the gradient of the sum in the unit embeddings to partial (LEVELS,
    num_samples, splits, dim).

    BLOCK_M paths are processed at a time. Their prototypes are read once and
    stay in registers for the gradient.
    """
    sample = tl.program_id(0).to(tl.int64)
    split = tl.program_id(1)
    columns = tl.arange(0, BLOCK_D)
    inside = columns < dim
    leaf = tl.load(leaf_ptr + sample)
    units = ()
    gradients = ()
    for level in tl.static_range(LEVELS):
        at = (level * num_samples + sample) * dim
        units = units + (_unit_row(z_ptr + at, columns, inside)[0],)
        gradients = gradients + (tl.zeros((BLOCK_D,), tl.float32),)
    total = tl.zeros((BLOCK_M,), tl.float32)
    count = tl.zeros((BLOCK_M,), tl.float32)
    first = split * share
    last = tl.minimum(first + share, num_negatives)
    for start in range(first, last, BLOCK_M):
        place = start + tl.arange(0, BLOCK_M)
        drawn = place < last
        negative = tl.load(
            negatives_ptr + sample * num_negatives + place,
            mask=drawn,
            other=0,
        )
        used = drawn & (negative != leaf)
        rows = ()
        factors = ()
        similarity = tl.full((BLOCK_M,), 1.0, tl.float32)
        for level in tl.static_range(LEVELS):
            node = tl.load(
                paths_ptr + negative * LEVELS + level, mask=used, other=0
            )
            row = tl.load(
                centroids[level] + node[:, None] * dim + columns[None, :],
                mask=used[:, None] & inside[None, :],
                other=0.0,
            )
            cosine = tl.sum(row * units[level][None, :], 1)
            factor = (1 + cosine) * 0.5
            factor = tl.where(factor < TINY, TINY, factor)
            similarity *= factor
            rows = rows + (row,)
            factors = factors + (factor,)
        distance = 1 - similarity
        if FLOORED:
            similarity = tl.where(distance < EPS, 0.0, similarity)
            distance = tl.where(distance < EPS, EPS, distance)
        else:
            distance += EPS
        weight = tl.where(used, similarity / distance, 0.0)
        total -= tl.where(used, tl.log(distance), 0.0)
        count += tl.where(used, 1.0, 0.0)
        added = ()
        for level in tl.static_range(LEVELS):
            slope = weight / (2 * factors[level])
            below = tl.sum(rows[level] * slope[:, None], 0)
            added = added + (gradients[level] + below,)
        gradients = added
    at = sample * splits + split
    tl.store(sums_ptr + 2 * at, tl.sum(total, 0))
    tl.store(sums_ptr + 2 * at + 1, tl.sum(count, 0))
    for level in tl.static_range(LEVELS):
        row = level * num_samples * splits + at
        tl.store(
            partial_ptr + row * dim + columns, gradients[level], mask=inside
        )


@triton.jit
def loss_kernel(
    z_ptr,
    centroids,
    paths_ptr,
    leaf_ptr,
    sums_ptr,
    partial_ptr,
    loss_ptr,
    gradient_ptr,
    num_samples,
    splits,
    dim,
    FLOORED: tl.constexpr,
    LEVELS: tl.constexpr,
    BLOCK_S: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    """Add the shares and the own path; return to the raw embeddings.

    Arguments are those of :func:`repulsion_kernel`. Program (b, l) writes
    gradient[l, b], the gradient of the mean over samples in z[l, b]; that of
    level 0 also writes loss[b]. Shares are added in a fixed order.
    """
    sample = tl.program_id(0).to(tl.int64)
    level = tl.program_id(1)
    columns = tl.arange(0, BLOCK_D)
    inside = columns < dim
    leaf = tl.load(leaf_ptr + sample)
    unit, norm = _unit_row(
        z_ptr + (level * num_samples + sample) * dim, columns, inside
    )
    own = tl.zeros((BLOCK_D,), tl.float32)
    similarity = 1.0
    logarithm = 0.0
    # Of all levels but this one.
    rest = 1.0
    mine = 0.0
    for other in tl.static_range(LEVELS):
        at = (other * num_samples + sample) * dim
        theirs, _ = _unit_row(z_ptr + at, columns, inside)
        node = tl.load(paths_ptr + leaf * LEVELS + other)
        row = tl.load(
            centroids[other] + node * dim + columns, mask=inside, other=0.0
        )
        cosine = tl.sum(row * theirs, 0)
        factor = 0.5 * (1 + cosine)
        similarity *= factor
        if FLOORED:
            low = tl.where(cosine < LEAST_COSINE, LEAST_COSINE, cosine)
            logarithm += tl.log(0.5 * (1 + low))
        here = other == level
        rest *= tl.where(here, 1.0, factor)
        mine = tl.where(here, cosine, mine)
        own = tl.where(here, row, own)
    if FLOORED:
        attraction = -logarithm
        slope = tl.where(mine < LEAST_COSINE, 0.0, -1 / (1 + mine))
    else:
        attraction = -tl.log(similarity + EPS)
        slope = -0.5 * rest / (similarity + EPS)
    total = tl.zeros((BLOCK_S,), tl.float32)
    count = tl.zeros((BLOCK_S,), tl.float32)
    shares = tl.zeros((BLOCK_S, BLOCK_D), tl.float32)
    for start in range(0, splits, BLOCK_S):
        split = start + tl.arange(0, BLOCK_S)
        there = split < splits
        entry = sample * splits + split
        total += tl.load(sums_ptr + 2 * entry, mask=there, other=0.0)
        count += tl.load(sums_ptr + 2 * entry + 1, mask=there, other=0.0)
        entry += level * num_samples * splits
        shares += tl.load(
            partial_ptr + entry[:, None] * dim + columns[None, :],
            mask=there[:, None] & inside[None, :],
            other=0.0,
        )
    number = tl.sum(count, 0)
    scale = 1.0 / num_samples
    if FLOORED:
        number = tl.where(number < 1, 1.0, number)
        half = 1.0
    else:
        number += EPS
        half = 0.5
    gradient = tl.sum(shares, 0) / number + slope * own
    radial = tl.sum(gradient * unit, 0)
    radial = tl.where(norm > LEAST_NORM, radial, 0.0)
    tl.store(
        gradient_ptr + (level * num_samples + sample) * dim + columns,
        (gradient - radial * unit) / norm * (half * scale),
        mask=inside,
    )
    if level == 0:
        tl.store(
            loss_ptr + sample,
            half * (attraction + tl.sum(total, 0) / number),
        )
