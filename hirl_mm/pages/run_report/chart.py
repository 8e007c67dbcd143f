"""Charts with their legends and the tables of their values."""

import math
from collections.abc import Iterator, Mapping

from .markup import Markup, element, name_element
from .numbers import number, spaced
from .parts import Chart, Table
from .plot import NUM_STYLES, plot_element
from .tables import table_element

_MOST_ROWS = 25
_HIDDEN = dict(aria_hidden='true', focusable='false')


def chart_element(chart: Chart) -> Markup:
    """Return a figure: the picture, its legend and a table of its values.

    Args:
        chart: What to show. Without a finite value there is a sentence in
            place of the picture.
    """
    unit = f' ({chart.unit})' if chart.unit else ''
    parts = [element('figcaption', chart.title, unit), _legend(chart)]
    if any(map(math.isfinite, _values(chart))):
        parts.append(plot_element(chart, _described(chart)))
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
