from collections.abc import Sequence

from hirl_mm.tables import aligned_table

from .arm_results import ArmResults
from .paper_results import recipe_key
from .papers.table import PaperCell, PaperTable


def beside_paper(table: PaperTable, arms: Sequence[ArmResults]) -> str:
    """Return a table of a paper in Markdown, with measured results in it.

    Below a row of the paper there is a row for every network that was trained
    with a recipe of that row, with what it has reached in the same protocols.

    Args:
        table: Table of the paper.
        arms: Results of networks.

    Returns:
        A line with source and title, the table, and its note.
    """
    lines = []
    for name, cells in table.rows.items():
        lines.append([name, *(_text(c.value, table.digits) for c in cells)])
        for arm in arms:
            measured = [_measured(arm, cell) for cell in cells]
            if any(value is not None for value in measured):
                values = (_text(value, table.digits) for value in measured)
                lines.append([f'{arm.name}, measured here', *values])
    head = f'{table.source}, as reported: {table.title}\n\n'
    note = f'\n{table.note}\n' if table.note else ''
    return head + aligned_table(table.columns, lines) + note


def _measured(arm: ArmResults, cell: PaperCell) -> float | None:
    key, recipe = cell.key, cell.recipe
    if key is None or not recipe or recipe_key(arm.recipe) != recipe:
        return None
    return arm.rows().get(key)


def _text(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
