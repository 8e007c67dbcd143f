"""Charts as SVG, whose colors are those of the page."""

import math
from collections.abc import Iterator, Mapping

from .markup import Markup, element, name_element
from .numbers import grouped_means, number, spaced, thinned, ticks
from .parts import Chart, Curve, Table
from .tables import table_element

NUM_STYLES = 6
_WIDTH, _HEIGHT = 420, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 38
# More points are drawn pale, with their mean over groups on top.
_MOST_POINTS = 150
_MOST_MEANS = 60
_MOST_MARKED = 40
_MOST_ROWS = 25


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


def chart_element(chart: Chart) -> Markup:
    """Return a figure: the picture, its legend and a table of its values.

    Args:
        chart: What to show. Without a finite value there is a sentence in
            place of the picture.
    """
    unit = f' ({chart.unit})' if chart.unit else ''
    parts = [element('figcaption', chart.title, unit), _legend(chart)]
    if any(map(math.isfinite, _values(chart))):
        parts.append(_picture(chart))
    else:
        parts.append(element('p', 'No value is finite.', class_='warning'))
    parts.append(
        element(
            'details',
            element(
                'summary',
                'Values',
                element('span', f' of {chart.title}', class_='hidden'),
            ),
            table_element(_table(chart)),
        )
    )
    return element('figure', *parts, class_='chart')


def _values(chart: Chart) -> Iterator[float]:
    for curve in chart.curves:
        yield from curve.points.values()


def _legend(chart: Chart) -> Markup:
    items = [
        element(
            'li',
            _swatch(f'line c{curve.style % NUM_STYLES}'),
            name_element(curve.name),
        )
        for curve in chart.curves
        if curve.name
    ]
    if chart.reference:
        name, value = chart.reference
        text = f'{name}: {number(value)}'
        items.append(element('li', _swatch('reference'), text))
    return element('ul', *items, class_='legend') if items else Markup('')


def _swatch(style: str) -> Markup:
    line = element('path', d='M0 6h26', class_=style)
    return element(
        'svg', line, viewBox='0 0 26 12', width=26, height=12, **_HIDDEN
    )


_HIDDEN = dict(aria_hidden='true', focusable='false')


def _picture(chart: Chart) -> Markup:
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
        aria_label=_described(chart),
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


def _described(chart: Chart) -> str:
    """What a screen reader says in place of the picture."""
    parts = []
    for curve in chart.curves:
        ends = _ends(curve.points)
        name = f'{curve.name}: ' if curve.name else ''
        parts.append(f'{name}{ends}')
    return f'{chart.title} by {chart.x_label}. {"; ".join(parts)}'


def _ends(points: Mapping[float, float]) -> str:
    xs = list(points)
    if not xs:
        return 'no values'
    first = f'{number(points[xs[0]])} at {number(xs[0])}'
    if len(xs) == 1:
        return first
    last = f'{number(points[xs[-1]])} at {number(xs[-1])}'
    finite = [y for y in points.values() if math.isfinite(y)]
    if not finite:
        return f'from {first} to {last}'
    low, high = number(min(finite)), number(max(finite))
    return f'from {first} to {last}, between {low} and {high}'


def _table(chart: Chart) -> Table:
    xs = sorted({x for curve in chart.curves for x in curve.points})
    shown = spaced(xs, _MOST_ROWS)
    rows = [
        [
            number(x),
            *(
                number(curve.points[x]) if x in curve.points else '-'
                for curve in chart.curves
            ),
        ]
        for x in shown
    ]
    title = chart.title
    if len(shown) < len(xs):
        title += f', {len(shown)} of {len(xs)} points'
    names = (curve.name or chart.title for curve in chart.curves)
    head = [chart.x_label, *names]
    return Table(title, head, rows, left=0)
