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
# Inches of a row.
_HEIGHT = 3.3


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
    widths = [[_width(panel) for panel in row] for row in panels]
    whole = max(map(sum, widths))
    figure = Figure(
        figsize=(whole, _HEIGHT * len(panels)), dpi=90, layout='constrained'
    )
    rows = figure.add_gridspec(len(panels))
    for number, (row, of_row) in enumerate(zip(panels, widths, strict=True)):
        blank = max(whole - sum(of_row), 1e-3)
        places = rows[number].subgridspec(
            1, len(row) + 1, width_ratios=[*of_row, blank]
        )
        for place, panel in enumerate(row):
            _draw_panel(figure.add_subplot(places[place]), panel)
    with replacing(path) as temporary:
        save_line_drawing(figure, temporary)


def _width(panel: DotPanel) -> float:
    return max(3.2, 0.8 * len(panel.pairs) + 0.8)


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
    axes.set_title(label_text(panel.title), fontsize=9)
    axes.set_ylabel(f'{label_text(panel.figure)} [%]')
    axes.set_xticks(ticks, names, rotation=30, ha='right', fontsize=8)
    axes.margins(x=0.12)
    axes.grid(axis='y', alpha=0.3)
