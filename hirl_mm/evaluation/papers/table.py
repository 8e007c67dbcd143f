from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

# Protocol and figure of a result, such as ('linear', 'top-1').
Key = tuple[str, str]
# From the name of a row and the index of a column to the key and the recipe
# of a PaperCell.
Meaning = Callable[[str, int], tuple[Key | None, str]]


class PaperCell(NamedTuple):
    """One figure of a table.

    Args:
        value: The figure; None if the paper has none.
        key: Protocol and figure of this project that measure the same; None
            if none does.
        recipe: The pre-training of this project that the figure is of, as
            :func:`~hirl_mm.evaluation.paper_results.recipe_key` names it;
            empty if there is none.
    """

    value: float | None
    key: Key | None = None
    recipe: str = ''


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper.

    Args:
        source: Paper and number of the table, such as ``'HCCL, Table 1'``.
        title: What the table shows.
        columns: Names of the columns, the first one that of the rows.
        rows: One cell per further column, by the name of the row.
        digits: Number of digits behind the point.
        note: What a reader has to know about the figures.
    """

    source: str
    title: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[PaperCell, ...]]
    digits: int = 1
    note: str = ''

    def cells(self) -> list[PaperCell]:
        """Return the cells that have a value, row by row."""
        cells = [cell for row in self.rows.values() for cell in row]
        return [cell for cell in cells if cell.value is not None]


def read_rows(text: str, of_cell: Meaning) -> dict[str, tuple[PaperCell, ...]]:
    """Return the rows of a table that is written as text.

    Args:
        text: A line per row: its name, a colon, and the figures; ``-`` where
            the paper has none.
        of_cell: Function from the name of a row and the index of a column to
            the key and the recipe of a :class:`PaperCell`.

    Example:
        >>> rows = read_rows('A: 66.5 -', lambda row, column: (None, row))
        >>> rows['A'][0], rows['A'][1].value
        (PaperCell(value=66.5, key=None, recipe='A'), None)
    """
    rows = {}
    for line in text.strip().splitlines():
        name, figures = (part.strip() for part in line.split(':'))
        rows[name] = tuple(
            PaperCell(
                None if figure == '-' else float(figure),
                *of_cell(name, column),
            )
            for column, figure in enumerate(figures.split())
        )
    return rows
