from collections.abc import Sequence


def text_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1
) -> str:
    """A Markdown table that is aligned as plain text too.

    Args:
        head: Names of the columns.
        rows: Cells, as many in each as columns.
        left: So many columns are flushed left, the others right.

    Example:
        >>> print(text_table(['run', 'seconds'], [['plain', '3.1']]))
        | run   | seconds |
        | ----- | ------: |
        | plain |     3.1 |
    """
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    rule = [
        '-' * width if i < left else '-' * (width - 1) + ':'
        for i, width in enumerate(widths)
    ]
    lines = []
    for cells in (head, rule, *rows):
        padded = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append(f'| {" | ".join(padded)} |')
    return '\n'.join(lines)
