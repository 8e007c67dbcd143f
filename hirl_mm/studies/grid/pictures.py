"""Pictures of the runs of studies: every seed, and every difference."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from hirl_mm.visualization.difference_dots import (
    DifferenceRow,
    draw_difference_dots,
)
from hirl_mm.visualization.paired_dots import DotPanel

from .compared import ComparedArms
from .pairs import Pair
from .study_file import StudyFile


def draw_differences(
    compared: Sequence[ComparedArms], file: StudyFile, folder: Path
) -> None:
    """Draw the differences of all pairs, data set by data set.

    Args:
        compared: Comparisons of the studies.
        file: The studies, with the pictures to make of them and the figures,
            a column each; the first figure if there are none.
        folder: Folder of the pictures: ``differences.png`` if the file names
            none. One that would have no difference is not written.
    """
    everything = [study.name for study in file.studies]
    pictures = file.pictures or dict(differences=everything)
    for name, shown in pictures.items():
        rows = _rows([c for c in compared if c.study.name in shown], file)
        if rows:
            figures = file.plotted or list(rows[0].differences)[:1]
            draw_difference_dots(rows, figures, folder / f'{name}.png')


def _rows(
    compared: Sequence[ComparedArms], file: StudyFile
) -> list[DifferenceRow]:
    order = list(file.data)
    return [
        DifferenceRow(
            found.data,
            ' - '.join(pair),
            {name: d.values for name, d in figures.items()},
            {n: d.t_interval for n, d in figures.items() if d.t_interval},
        )
        for found in sorted(compared, key=lambda c: order.index(c.data))
        for pair, figures in found.differences.items()
        if figures
    ]


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
) -> dict[Pair, tuple[Mapping[int, float], Mapping[int, float]]]:
    """Values by seed of both arms of every pair that has a difference."""
    values = found.values
    return {
        (arm, baseline): (values[arm][name], values[baseline][name])
        for (arm, baseline), figures in found.differences.items()
        if name in figures
    }
