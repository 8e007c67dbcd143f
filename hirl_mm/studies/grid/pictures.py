"""Pictures of the runs of studies: every seed, and every difference."""

from collections.abc import Sequence
from pathlib import Path

from hirl_mm.visualization.difference_dots import (
    DifferenceRow,
    draw_difference_dots,
)
from hirl_mm.visualization.paired_dots import DotPanel

from .compared import ComparedArms


def draw_differences(
    compared: Sequence[ComparedArms], plotted: Sequence[str], path: Path
) -> None:
    """Draw the differences of all pairs, data set by data set.

    Args:
        compared: Comparisons of the studies.
        plotted: Names of the figures, a column each; the first one if there
            are none.
        path: Picture to write; without a difference there is none.
    """
    rows = [
        DifferenceRow(
            f'{found.study.name}: {found.data}',
            ' - '.join(pair),
            {name: d.values for name, d in figures.items()},
            {n: d.t_interval for n, d in figures.items() if d.t_interval},
        )
        for found in compared
        for pair, figures in found.differences.items()
        if figures
    ]
    if rows:
        figures = plotted or list(rows[0].differences)[:1]
        draw_difference_dots(rows, figures, path)


def dot_panels(
    compared: Sequence[ComparedArms], plotted: Sequence[str]
) -> list[list[DotPanel]]:
    """Return a row per study and data set, a column per plotted figure.

    Args:
        compared: Comparisons of the studies.
        plotted: Names of the figures; the first one if there are none.
    """
    rows = []
    for found in compared:
        title = f'{found.study.name}: {found.data}'
        row = [
            DotPanel(title, name, pairs)
            for name in plotted or found.figures[:1]
            if (pairs := _dots(found, name))
        ]
        rows += [row] if row else []
    return rows


def _dots(
    found: ComparedArms, name: str
) -> dict[tuple[str, str], tuple[dict, dict]]:
    """Values by seed of both arms of every pair that has some."""
    both = {
        pair: tuple(found.values[arm].get(name, {}) for arm in pair)
        for pair in found.differences
    }
    return {pair: values for pair, values in both.items() if any(values)}
