"""Cells that several tables of results have in common."""

from hirl_mm.tables import aligned_table

__all__ = [
    'aligned_table',
    'median_ms',
    'megabytes',
    'percent_with_quartiles',
    'with_quartiles',
]


def with_quartiles(found: dict[str, float]) -> str:
    """Format :func:`~benchmarks.common.timing.quartiles` as one cell."""
    return '{median:.3f} ({q1:.3f} to {q3:.3f})'.format(**found)


def percent_with_quartiles(found: dict[str, float]) -> str:
    """Format quartiles of a share as one cell."""
    return '{median:.1%} ({q1:.1%} to {q3:.1%})'.format(**found)


def median_ms(seconds: dict[str, float]) -> str:
    """Format the median of quartiles of seconds in milliseconds."""
    return f'{1e3 * seconds["median"]:.2f}'


def megabytes(num_bytes: float, digits: int = 1) -> str:
    """Format bytes in megabytes of 10^6."""
    return f'{num_bytes / 1e6:.{digits}f}'
