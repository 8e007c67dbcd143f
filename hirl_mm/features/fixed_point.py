"""Unit rows in fixed point, whose inner products are computed exactly.

A coordinate of a unit row is rounded to a multiple of 2^-26. The product of
two of them is a multiple of 2^-52, and so is every sum of products, which by
the inequality of Cauchy and Schwarz is below 2. float64 holds such numbers
exactly. The inner product of two rows is therefore the same number in
whatever order, blocks and kernels float64 computes it, on any device; of two
equal rows, it is equal.

The rounding moves a row by at most ``sqrt(D) / 2`` times 2^-26, about as far
as rounding the row to float32.
"""

import torch
from torch import Tensor

_BITS = 26
# Rows that are converted at a time: on a CPU they should fit in the caches.
_ROWS_AT_A_TIME = {'cpu': 256, 'cuda': 8192}


def inverse_norms(features: Tensor) -> Tensor:
    """Return the reciprocal Euclidean norms of rows, 0 for rows of zeros.

    The squares are added in a fixed order, so that equal rows have equal
    norms wherever they are computed.

    Args:
        features: (n, D) floating point.

    Returns:
        (n,) float64.
    """
    squares = [
        _ordered_sum(rows.double().square())
        for rows in features.split(rows_at_a_time(features))
    ]
    norm = torch.cat(squares).sqrt_()
    return torch.where(norm > 0, 1 / norm, 0.0)


def rows_at_a_time(features: Tensor) -> int:
    """Return how many rows to convert to float64 at a time."""
    return _ROWS_AT_A_TIME.get(features.device.type, _ROWS_AT_A_TIME['cuda'])


def unit_rows(features: Tensor, inverse: Tensor) -> Tensor:
    """Return unit rows in fixed point.

    Args:
        features: (n, D) floating point.
        inverse: (n,) float64, their :func:`inverse_norms`.

    Returns:
        (n, D) float64, multiples of 2^-26.
    """
    rows = features.double() * (inverse * 2.0**_BITS)[:, None]
    return rows.round_().mul_(2.0**-_BITS)


def _ordered_sum(values: Tensor) -> Tensor:
    """Add columns (n, D) by halving: the order depends on D alone."""
    while (width := values.size(1)) > 1:
        half = (width + 1) // 2
        left, right = values[:, :half].clone(), values[:, half:]
        left[:, : width - half] += right
        values = left
    return values.sum(1)
