"""Numbers as text, ticks of axes, and curves with fewer points."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean


def number(value: float) -> str:
    """Return a number with four significant digits.

    Args:
        value: Any number; one that is not finite is written as it is.

    Example:
        >>> number(0.038923), number(12345.6), number(3.0)
        ('0.03892', '12,346', '3')
        >>> number(2.9e-7), number(float('nan'))
        ('2.9e-07', 'nan')
    """
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e9):
        return f'{value:.4g}'
    digits = 3 - math.floor(math.log10(size)) if size else 0
    text = f'{value:,.{max(0, digits)}f}'
    return text.rstrip('0').rstrip('.') if '.' in text else text


def ticks(
    low: float, high: float, most: int = 5, whole: bool = False
) -> list[float]:
    """Return round numbers that divide a range.

    Args:
        low: Lower end of the range.
        high: Upper end, above ``low``.
        most: Largest number of ticks.
        whole: Whether they must be integers.

    Returns:
        Multiples of 1, 2 or 5 times a power of ten, ascending, within the
        range.

    Example:
        >>> ticks(0, 97)
        [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    rough = (high - low) / most
    rough = max(rough, 1.0) if whole else rough
    power = 10.0 ** math.floor(math.log10(rough))
    # Rounding may leave the last candidate a bit too small.
    step = next(
        times * power for times in (1, 2, 5, 10, 20) if times * power >= rough
    )
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def thinned(points: Mapping[float, float], most: int) -> dict[float, float]:
    """Return fewer points of a curve that keep its peaks.

    The points are cut into groups of equal size. Of each group its lowest and
    its highest point stay, and one that is not finite if there is any.

    Args:
        points: y by x, ascending.
        most: Largest number of points, at least 5.

    Returns:
        At most ``most`` of the points, with the first and the last one; all
        if there are no more.
    """
    if len(points) <= most:
        return dict(points)
    xs = list(points)
    inner = xs[1:-1]
    groups = (most - 2) // 3
    kept = {xs[0], xs[-1]}
    for i in range(groups):
        part = inner[len(inner) * i // groups : len(inner) * (i + 1) // groups]
        finite = [x for x in part if math.isfinite(points[x])]
        if finite:
            kept.add(min(finite, key=points.__getitem__))
            kept.add(max(finite, key=points.__getitem__))
        if len(finite) < len(part):
            kept.add(next(x for x in part if not math.isfinite(points[x])))
    return {x: points[x] for x in xs if x in kept}


def grouped_means(
    points: Mapping[float, float], most: int
) -> dict[float, float]:
    """Return the means of groups of points that follow each other.

    Args:
        points: y by x, ascending.
        most: Largest number of groups.

    Returns:
        Mean y by mean x; a group with a value that is not finite has a mean
        that is not.

    Example:
        >>> grouped_means({1: 2.0, 2: 4.0, 3: 5.0, 4: 5.0}, 2)
        {1.5: 3.0, 3.5: 5.0}
    """
    xs = list(points)
    num = min(most, len(xs))
    groups = (
        xs[len(xs) * i // num : len(xs) * (i + 1) // num] for i in range(num)
    )
    return {fmean(xs): fmean(points[x] for x in xs) for xs in groups}


def spaced(items: Sequence, most: int) -> list:
    """Return items at equal distances, with the first and the last one.

    Args:
        items: Any sequence.
        most: Largest number of items to return, at least 2.

    Example:
        >>> spaced(range(10), 4)
        [0, 3, 6, 9]
    """
    if len(items) <= most:
        return list(items)
    last = len(items) - 1
    return [items[round(i * last / (most - 1))] for i in range(most)]
