"""Results of a sweep by arm and rate, combined over the seeds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from hirl_mm.tables import aligned_table


@dataclass(frozen=True)
class RatePoint:
    """Results of one arm at one rate.

    Args:
        arm: Name of the arm.
        rate: Value of the config key that was swept.
        values: Result of every seed.
    """

    arm: str
    rate: float
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return mean(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds, 0 for one seed."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


def rate_points(
    results: Mapping[tuple[str, float, int], float],
) -> list[RatePoint]:
    """Combine the results of all seeds of the same arm and rate.

    Args:
        results: Result by arm, rate and seed.

    Returns:
        Points in the order of the arms, rates ascending.

    Example:
        >>> rate_points({('a', 0.1, 0): 50.0, ('a', 0.1, 1): 54.0})[0].mean
        52.0
    """
    values = defaultdict(list)
    for (arm, rate, _), value in results.items():
        values[arm, rate].append(value)
    arms = list(dict.fromkeys(arm for arm, _ in values))
    return [
        RatePoint(arm, rate, tuple(values[arm, rate]))
        for arm in arms
        for rate in sorted(r for a, r in values if a == arm)
    ]


def best_points(points: Sequence[RatePoint]) -> dict[str, RatePoint]:
    """Return the point with the highest mean for every arm.

    Of points with equal means it is the one with the lowest rate.

    Args:
        points: Results of the sweep, rates ascending.
    """
    arms = dict.fromkeys(point.arm for point in points)
    return {
        arm: max((p for p in points if p.arm == arm), key=lambda p: p.mean)
        for arm in arms
    }


def edge_notes(points: Sequence[RatePoint], param: str) -> list[str]:
    """Return a note for every arm whose best rate is at an end of the grid.

    A single rate is no grid and gets no note.

    Args:
        points: Results of the sweep.
        param: Config key that was swept.
    """
    notes = []
    for arm, best in best_points(points).items():
        rates = [p.rate for p in points if p.arm == arm]
        if len(rates) == 1:
            continue
        for edge, word in (min(rates), 'lower'), (max(rates), 'higher'):
            if best.rate == edge:
                notes.append(
                    f'{arm}: the best {param}, {best.rate:g}, is at the edge '
                    f'of the grid: add {word} values for all arms'
                )
    return notes


def sweep_table(points: Sequence[RatePoint], param: str) -> str:
    """Return a Markdown table with a row per rate and a column per arm.

    The best point of every arm is bold.

    Args:
        points: Results of the sweep.
        param: Config key that was swept.
    """
    arms = list(dict.fromkeys(point.arm for point in points))
    rates = sorted({point.rate for point in points})
    by_cell = {(point.arm, point.rate): point for point in points}
    best = best_points(points)
    rows = []
    for rate in rates:
        cells = [
            _cell(by_cell.get((arm, rate)), best[arm].rate == rate)
            for arm in arms
        ]
        rows.append([f'{rate:g}', *cells])
    return aligned_table([param, *arms], rows, left=0)


def _cell(point: RatePoint | None, is_best: bool) -> str:
    if point is None:
        return '-'
    text = f'{point.mean:.2f}'
    if len(point.values) > 1:
        text += f' ± {point.spread:.2f}'
    return f'**{text}**' if is_best else text
