from .markup import Markup, element, name_element
from .parts import Table


def table_element(table: Table) -> Markup:
    """Return a table that can be scrolled where the page is narrow.

    Args:
        table: The table; the first cell of a row is its heading.
    """
    head = element(
        'tr',
        *(
            element(
                'th', name_element(name), scope='col', class_=_side(i, table)
            )
            for i, name in enumerate(table.head)
        ),
    )
    rows = [
        element(
            'tr',
            *(
                element(
                    'td' if i else 'th',
                    name_element(cell),
                    scope=None if i else 'row',
                    class_=_side(i, table),
                )
                for i, cell in enumerate(row)
            ),
        )
        for row in table.rows
    ]
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


def _side(column: int, table: Table) -> str:
    return 'text' if column < table.left else 'number'
