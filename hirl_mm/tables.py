"""Tables in Markdown, and names that are harmless in them."""

from collections.abc import Iterable, Sequence
from statistics import mean, stdev


def aligned_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> str:
    """Return a Markdown table with columns aligned by spaces.

    Args:
        head: Names of the columns, any text, see :func:`cell`.
        rows: Cells of every row, any text.
        left: Number of left-aligned columns, the first ones; all others are
            right-aligned.

    Returns:
        The table; every line ends with a newline.

    Example:
        >>> print(aligned_table(['arm', 'top-1'], [['plain', '9.5']]), end='')
        | arm   | top-1 |
        | ----- | ----: |
        | plain |   9.5 |
    """
    head, *rows = ([cell(text) for text in row] for row in (head, *rows))
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    aligned = [
        [
            text.ljust(width) if i < left else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in (head, *rows)
    ]
    rule = [
        '-' * width if i < left else '-' * (width - 1) + ':'
        for i, width in enumerate(widths)
    ]
    lines = [aligned[0], rule, *aligned[1:]]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def mean_with_spread(values: Iterable[float], sign: str = '') -> str:
    """Return mean and standard deviation for a cell, with one decimal.

    Args:
        values: Numbers; one has no deviation.
        sign: Sign of the format of the mean, such as ``'+'``.

    Example:
        >>> mean_with_spread([1, 2, 3]), mean_with_spread([1.25], '+')
        ('2.0 ± 1.0', '+1.2')
        >>> mean_with_spread([])
        '-'
    """
    values = list(values)
    if not values:
        return '-'
    text = f'{mean(values):{sign}.1f}'
    return f'{text} ± {stdev(values):.1f}' if len(values) > 1 else text


def printable(text: str) -> str:
    """Return a text with everything escaped that a terminal would obey.

    Line breaks, control characters, marks that turn the direction of the
    text, and bytes of file names that are no UTF-8 become escapes of Python.

    Example:
        >>> printable('a\\nb'), printable('\\x1b[31m'), printable('ünï 🐈')
        ('a\\\\nb', '\\\\x1b[31m', 'ünï 🐈')
    """
    return ''.join(
        char
        if char.isprintable()
        else char.encode('unicode_escape').decode('ascii')
        for char in text
    )


def cell(text: str) -> str:
    r"""Return a :func:`printable` text that is text in Markdown, too.

    It ends no cell of a table, and is no HTML and no link.

    Example:
        >>> print(cell('<b>a|b</b> ![c](http://d) [0, 1]'))
        \<b>a\|b\</b> ![c]\(http://d) [0, 1]
    """
    text = printable(text).replace('\\', '\\\\').replace('|', '\\|')
    return text.replace('<', '\\<').replace('](', ']\\(')
