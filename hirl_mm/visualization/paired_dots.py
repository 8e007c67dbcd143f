import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hirl_mm.files import replacing

from .line_drawing import save_line_drawing
from .picture_text import label_text

_PLAIN, _CHANGED = '#7a7a7a', '#1f77b4'
# Horizontal distances: of the two arms of a pair, and of two pairs.
_ARM, _PAIR = 1.0, 2.2


@dataclass(frozen=True)
class DotPanel:
    """One panel: a figure of pairs of arms on one data set.

    Args:
        title: Title of the panel.
        figure: Name of the figure, the label of the vertical axis.
        pairs: Values by seed of both arms, by the names of the arms: the
            second is the baseline, which is drawn on the left.
    """

    title: str
    figure: str
    pairs: Mapping[
        tuple[str, str], tuple[Mapping[int, float], Mapping[int, float]]
    ]


def draw_paired_dots(
    panels: Sequence[Sequence[DotPanel]], path: str | os.PathLike
) -> None:
    """Draw every seed as a dot, with a line between the two arms of a pair.

    A short bar marks the mean of an arm. A seed that one arm lacks has a dot
    and no line.

    Args:
        panels: Rows of panels; rows may differ in length.
        path: Picture to write; its suffix chooses the format.
    """
    columns = max(map(len, panels))
    most = max(len(panel.pairs) for row in panels for panel in row)
    figure = Figure(
        figsize=(columns * max(3.2, 1.3 * most + 0.8), 3.3 * len(panels)),
        dpi=90,
        layout='constrained',
    )
    grid = figure.subplots(len(panels), columns, squeeze=False)
    for row, of_row in zip(panels, grid, strict=True):
        for panel, axes in zip(row, of_row, strict=False):
            _draw_panel(axes, panel)
        for axes in of_row[len(row) :]:
            axes.set_axis_off()
    with replacing(path) as temporary:
        save_line_drawing(figure, temporary)


def _draw_panel(axes: Axes, panel: DotPanel) -> None:
    ticks, names = [], []
    for number, ((arm, baseline), values) in enumerate(panel.pairs.items()):
        left = number * _PAIR
        places = left + _ARM, left
        for name, x, by_seed, colour in zip(
            (arm, baseline),
            places,
            values,
            (_CHANGED, _PLAIN),
            strict=True,
        ):
            ticks.append(x)
            names.append(label_text(name))
            dots = list(by_seed.values())
            axes.plot([x] * len(dots), dots, 'o', ms=5, color=colour)
            if dots:
                mean = sum(dots) / len(dots)
                axes.hlines(mean, x - 0.2, x + 0.2, color=colour, lw=2)
        ours, theirs = values
        for seed in ours.keys() & theirs.keys():
            ends = ours[seed], theirs[seed]
            axes.plot(places, ends, '-', color='black', lw=0.7, alpha=0.5)
    axes.set(
        title=label_text(panel.title),
        ylabel=f'{label_text(panel.figure)} [%]',
    )
    axes.set_xticks(ticks, names, rotation=30, ha='right', fontsize=8)
    axes.margins(x=0.12)
    axes.grid(axis='y', alpha=0.3)
