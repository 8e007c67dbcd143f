from collections.abc import Sequence

from .markup import Markup, element, name_element
from .parts import Table


def table_element(table: Table) -> Markup:
    """Return a table that can be scrolled where the page is narrow.

    Args:
        table: The table; the first cell of a row is its heading.
    """
    head = _row(table, table.head, in_head=True)
    rows = [_row(table, row) for row in table.rows]
    whole = element(
        'table',
        element('caption', name_element(table.title)),
        element('thead', head),
        element('tbody', *rows),
    )
    # What scrolls must be reachable by keyboard.
    return element(
        'div',
        whole,
        class_='scroll',
        tabindex=0,
        role='region',
        aria_label=table.title,
    )


def _row(table: Table, cells: Sequence[str], in_head: bool = False) -> Markup:
    made = []
    for i, cell in enumerate(cells):
        scope = 'col' if in_head else 'row' if i == 0 else None
        side = 'text' if i < table.left else 'number'
        tag = 'th' if scope else 'td'
        made.append(element(tag, name_element(cell), scope=scope, class_=side))
    return element('tr', *made)
