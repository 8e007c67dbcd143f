"""The picture of a chart as SVG, whose colors are those of the page."""

import math
from collections.abc import Iterator, Mapping

from .markup import Markup, element
from .numbers import grouped_means, number, thinned, ticks
from .parts import Chart, Curve

NUM_STYLES = 6
_WIDTH, _HEIGHT = 420, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 38
# More points are drawn pale, with their mean over groups on top.
_MOST_POINTS = 150
_MOST_MEANS = 60
_MOST_MARKED = 40


class _Axes:
    """Maps values to places in the picture.

    Args:
        chart: The chart, with at least one finite point.
    """

    def __init__(self, chart: Chart) -> None:
        points = [
            point
            for curve in chart.curves
            for point in curve.points.items()
            if math.isfinite(point[1])
        ]
        ys = [y for _, y in points]
        if chart.reference:
            ys.append(chart.reference[1])
        xs = [x for curve in chart.curves for x in curve.points]
        # Counts of epochs or iterations: a single one stands in the middle.
        alone = min(xs) == max(xs)
        self.x = min(xs) - alone, max(xs) + alone
        low = 0.0 if chart.from_zero else min(ys)
        self.y = _widened(min(low, *ys), max(ys), 0.06)
        if chart.from_zero and min(ys) >= 0:
            self.y = (0.0, self.y[1])

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point in the picture."""
        (x0, x1), (y0, y1) = self.x, self.y
        across = _WIDTH - _LEFT - _RIGHT
        down = _HEIGHT - _TOP - _BOTTOM
        return (
            round(_LEFT + across * (x - x0) / (x1 - x0), 1),
            round(_TOP + down * (y1 - y) / (y1 - y0), 1),
        )


def _widened(low: float, high: float, share: float) -> tuple[float, float]:
    if low == high:
        room = abs(low) * 0.1 or 1.0
        return low - room, high + room
    room = share * (high - low)
    return low - room, high + room


def plot_element(chart: Chart, description: str) -> Markup:
    """Return the picture of a chart.

    Args:
        chart: What to show, with at least one finite value.
        description: What a screen reader says in place of the picture.
    """
    axes = _Axes(chart)
    drawn = [*_grid(chart, axes)]
    if chart.reference:
        _, y = axes.at(axes.x[0], chart.reference[1])
        path = f'M{_LEFT} {y}H{_WIDTH - _RIGHT}'
        drawn.append(element('path', d=path, class_='reference'))
    for curve in chart.curves:
        drawn += _curve(chart, axes, curve)
    return element(
        'svg',
        *drawn,
        viewBox=f'0 0 {_WIDTH} {_HEIGHT}',
        role='img',
        aria_label=description,
    )


def _grid(chart: Chart, axes: _Axes) -> Iterator[Markup]:
    """Lines and numbers of both axes."""
    bottom = _HEIGHT - _BOTTOM
    for value in ticks(*axes.y):
        _, y = axes.at(axes.x[0], value)
        path = f'M{_LEFT} {y}H{_WIDTH - _RIGHT}'
        yield element('path', d=path, class_='grid')
        yield element(
            'text', number(value), x=_LEFT - 6, y=y + 4, text_anchor='end'
        )
    for value in ticks(*axes.x, 6, whole=axes.x[1] - axes.x[0] >= 1):
        x, _ = axes.at(value, axes.y[0])
        yield element('path', d=f'M{x} {bottom}v4', class_='axis')
        yield element(
            'text', number(value), x=x, y=bottom + 17, text_anchor='middle'
        )
    path = f'M{_LEFT} {bottom}H{_WIDTH - _RIGHT}'
    yield element('path', d=path, class_='axis')
    yield element(
        'text',
        chart.x_label,
        x=_WIDTH - _RIGHT,
        y=_HEIGHT - 4,
        text_anchor='end',
        class_='label',
    )


def _curve(chart: Chart, axes: _Axes, curve: Curve) -> Iterator[Markup]:
    """A line with dots, or if there are many points a mean over all points."""
    style = f'c{curve.style % NUM_STYLES}'
    if len(curve.points) > _MOST_POINTS:
        drawn = _path(axes, thinned(curve.points, _MOST_POINTS))
        yield element('path', d=drawn, class_=f'all {style}')
        drawn = _path(axes, grouped_means(curve.points, _MOST_MEANS))
        yield element('path', d=drawn, class_=f'line {style}')
        return
    yield element('path', d=_path(axes, curve.points), class_=f'line {style}')
    if len(curve.points) > _MOST_MARKED:
        return
    name = f'{curve.name}, ' if curve.name else ''
    for x, y in curve.points.items():
        if math.isfinite(y):
            across, down = axes.at(x, y)
            text = f'{name}{chart.x_label} {number(x)}: {number(y)}'
            yield element(
                'circle',
                element('title', text),
                cx=across,
                cy=down,
                r=3,
                class_=f'dot {style}',
            )


def _path(axes: _Axes, points: Mapping[float, float]) -> str:
    path, after_gap = [], True
    for x, y in points.items():
        if not math.isfinite(y):
            after_gap = True
            continue
        across, down = axes.at(x, y)
        path.append(f'{"M" if after_gap else "L"}{across} {down}')
        after_gap = False
    return ''.join(path)
