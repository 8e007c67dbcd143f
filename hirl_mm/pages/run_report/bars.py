from .markup import Markup, element, name_element
from .numbers import number
from .parts import Bars, Table
from .plot import NUM_STYLES
from .tables import table_element


def bars_element(bars: Bars) -> Markup:
    """Return stacked bars with a legend and a table of their values.

    Args:
        bars: What to show; the longest bar takes the whole width.
    """
    parts = list(dict.fromkeys(p for one in bars.bars.values() for p in one))
    totals = {name: sum(one.values()) for name, one in bars.bars.items()}
    longest = max(totals.values()) or 1.0
    legend = element(
        'ul',
        *(
            element(
                'li',
                element('span', class_=f'square f{i % NUM_STYLES}'),
                part,
            )
            for i, part in enumerate(parts)
        ),
        class_='legend',
    )
    rows = []
    for name, values in bars.bars.items():
        pieces = [
            element(
                'span',
                class_=f'f{i % NUM_STYLES}',
                style=f'width:{100 * values[part] / longest:.3f}%',
                title=f'{part}: {number(values[part])} {bars.unit}',
            )
            for i, part in enumerate(parts)
            if values.get(part)
        ]
        text = f'{number(totals[name])} {bars.unit}'
        rows.append(
            element(
                'div',
                element('div', name_element(name), f': {text}'),
                element('div', *pieces, class_='bar', aria_hidden='true'),
            )
        )
    table = Table(
        f'{bars.title}, {bars.unit}',
        [*('', *parts), 'total'],
        [
            [
                name,
                *(number(values.get(part, 0.0)) for part in parts),
                number(totals[name]),
            ]
            for name, values in bars.bars.items()
        ],
    )
    return element(
        'figure',
        element('figcaption', bars.title),
        legend,
        *rows,
        table_element(table),
        class_='bars',
    )
