"""Labels of a float32 search, proven from a search in low precision.

**What is promised.** The float32 search of a row x gives every centroid c_k
the score ``s32_k = fl32(x.c_k + b_k)`` with ``b_k = fl32(-|c_k|^2 / 2)``,
where x and c_k are the float32 differences from the mean of the centroids,
and takes a centroid with the largest score; the kernel takes the first one.
The search in low precision names groups of centroids such that every centroid
with the largest ``s32_k`` is in one of them. If their ``s32_k`` are then
compared, the label is that of the float32 search, also where several scores
are equal in float32. It need not be the label of exact arithmetic, which no
float32 search promises.

**Notation.** Everything is multiplied by a power of two, see
:func:`common_scale`, which changes no label. A hat marks the operands that
the low precision multiplies: ``x = x^ + p``, ``c = c^ + r``. p and r are
differences of two float32 numbers of which one is the rounding of the other,
so float32 holds them exactly, and their lengths are computed and not
estimated. Any way of rounding is therefore allowed: fp16, bf16, tf32, with or
without underflow. D is the number of coordinates, u = 2^-24, and
``g_n = n u / (1 - n u)`` bounds the relative error of n roundings (Higham,
Accuracy and Stability of Numerical Algorithms, 2002, lemma 3.1).

**1. The float32 search.** x.c has at most D + 1 roundings per term, whatever
the order of the terms and with or without FMA, the addition of b included; b
has D + 1 of its own and that addition. With ``s = x.c - |c|^2 / 2``::

    |2 s32 - 2 s| <= g_(D+3) (2 |x||c| + |c|^2) + under  =: e32

where ``under`` is what results below 2^-126 lose if they are flushed to zero,
2^-126 per operation and coordinate. Let ``D32 = |x|^2 - 2 s32``. The centroid
with the largest s32 has the smallest D32, and with the distance d = |x - c|::

    d^2 - e32 <= D32 <= d^2 + e32                                         (a)

**2. The low precision.** Products of two fp16, bf16 or tf32 numbers are exact
in float32. Tensor cores add them in blocks of at least 4: they align all
terms of a block and the accumulator to the largest of them, cut bits that
float32 does not hold, and cut the sum again (Fasi, Higham, Mikaitis and
Pranesh, Numerical behavior of NVIDIA tensor cores, PeerJ CS 2021; Hopper has
wider blocks). Each cut costs at most 2^-23 of the largest magnitude, which is
at most ``|x^||c^|`` up to higher-order terms; there are D for the terms, D/4
for the accumulators and D/4 for the sums. FMA units lose less. So the product
P obeys ``|P - x^.c^| <= (3D/2 + 8) 2^-23 |x^||c^|``. With the computed square
n of ``|x^|``, the score ``s^ = fl32(P + fl32(-|c^|^2 / 2))`` and ``q =
fl32(n - 2 s^)``, the distance ``d^ = |x^ - c^|`` obeys, as in step 1::

    |q - d^^2| <= 2 (3D/2 + 8) 2^-23 |x^||c^| + g_(D+8) (|x^|^2 + |c^|^2)
               =: e                                                       (b)

**3. Together.** By the triangle inequality ``|d - d^| <= |p| + |r| =: t``.
With (a) and (b)::

    D32 <= (sqrt(q + e) + t)^2 + e32
    D32 >= max(0, sqrt(max(0, q - e)) - t)^2 - e32                        (c)

In a group of centroids, take the largest s^, hence the smallest q, and the
largest ``|c|``, ``|c^|``, ``|r|``. Then the lower line of (c) is below the D32
of every centroid of the group, and the upper line is above the D32 of the one
that attains the largest s^. Let U be the smallest upper line of all groups. A
group whose lower line is above U has no centroid with the smallest D32, hence
none with the largest s32. All others are searched in float32.

**4. Its own rounding.** (c) is computed in float32. The constants are
1% larger than stated, the squares are moved apart by 2^-18 of themselves,
and 2^-50 is added to t for squares of p and r below 2^-126; the scale makes
the largest coordinate of all centroids at least 2^13. If a bound overflows or
is not a number, then its group is not excluded.
"""

from typing import NamedTuple

import torch
from torch import Tensor

# Largest coordinates are scaled to [2^13, 2^14): fp16 holds up to 65504, and
# rounds relatively down to 2^-14.
TOP_EXPONENT = 14
# Factors by which step 4 moves the bounds apart.
WIDER, NARROWER = 1 + 2**-18, 1 - 2**-18
UNSEEN_ROUNDING = 2.0**-50


class Constants(NamedTuple):
    """Constants of the bounds for rows of D coordinates.

    Args:
        products: Factor of ``|x^||c^|`` in ``e``, step 2.
        sums: Factor of the squared lengths in ``e`` and ``e32``.
        under: ``under`` of step 1, before scaling.
    """

    products: float
    sums: float
    under: float


def constants(dim: int) -> Constants:
    """Return the constants for rows of ``dim`` coordinates.

    Raises:
        ValueError: If there are more than 2^16 coordinates, for which the
            higher-order terms are not negligible.
    """
    if dim > 2**16:
        raise ValueError(
            f'the bounds hold for at most {2**16} coordinates, got {dim}: '
            "use backend='torch'"
        )
    return Constants(
        products=1.01 * 2 * (1.5 * dim + 8) * 2**-23,
        sums=1.01 * (dim + 16) * 2**-24,
        under=(dim + 4) * 2.0**-124,
    )


def common_scale(centred: Tensor) -> Tensor:
    """Return the power of two that rows and centroids are multiplied by.

    Args:
        centred: (K, D) float32, centroids without their mean.

    Returns:
        A scalar that brings the largest coordinate to [2^13, 2^14), if float32
        has such a power of two.
    """
    _, exponent = torch.frexp(centred.abs().amax())
    exponent = (TOP_EXPONENT - exponent).clamp(-126, 126)
    return torch.ldexp(centred.new_ones(()), exponent)


class RowFacts(NamedTuple):
    """What the bounds need of every row, in units of the scale.

    Args:
        square: (n,), ``|x^|^2``.
        length: (n,), at least ``|x|`` and ``|x^|``.
        rounding: (n,), at least ``|p|``.
    """

    square: Tensor
    length: Tensor
    rounding: Tensor

    @classmethod
    def of(cls, rows: Tensor, rounded: Tensor) -> 'RowFacts':
        """Measure scaled rows (n, D) and their roundings, both float32."""
        slack = 1 + (rows.size(1) + 16) * 2**-23
        square = rounded.square().sum(1)
        rounding = (rows - rounded).square().sum(1).sqrt_()
        rounding = rounding * slack + UNSEEN_ROUNDING
        length = square.sqrt() * slack + rounding
        return cls(square, length, rounding)


class GroupFacts(NamedTuple):
    """What the bounds need of every group of centroids, in units of the scale.

    Args:
        length: (G,), at least ``|c|`` and ``|c^|`` of all.
        rounding: (G,), at least ``|r|`` of all.
        slack: (G,), the part of ``e`` and ``e32`` that no row changes.
    """

    length: Tensor
    rounding: Tensor
    slack: Tensor

    @classmethod
    def of(
        cls, each: RowFacts, scale: Tensor, size: int, dim: int
    ) -> 'GroupFacts':
        """Take the maxima over groups of ``size`` successive centroids."""
        length = each.length.view(-1, size).amax(1)
        fixed = constants(dim)
        # One power after the other: their product may overflow, and then no
        # group is excluded.
        under = fixed.under * scale * scale
        slack = 2 * fixed.sums * length.square() + under
        return cls(length, each.rounding.view(-1, size).amax(1), slack)


def squared_bounds(
    score: Tensor, rows: RowFacts, groups: GroupFacts, dim: int
) -> tuple[Tensor, Tensor]:
    """Return the two lines of (c), for scores that broadcast with the facts.

    Args:
        score: (n, G), the largest ``s^`` of every row in every group.
        rows: Facts (n, 1) of the rows.
        groups: Facts (G,) of the groups.
        dim: Number of coordinates D.

    Returns:
        Lower and upper bounds, (n, G).
    """
    fixed = constants(dim)
    own = fixed.sums * rows.length.square() + groups.slack
    error = fixed.products * rows.length * groups.length + own
    apart = rows.rounding + groups.rounding
    square = rows.square - 2 * score
    upper = ((square + error).clamp(min=0).sqrt() + apart).square()
    lower = (square - error).clamp(min=0).sqrt() * NARROWER - apart
    lower = lower.clamp(min=0).square() * NARROWER - own * WIDER
    return lower, (upper + own) * WIDER
