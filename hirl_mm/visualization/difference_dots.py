import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hirl_mm.files import replacing

from .line_drawing import save_line_drawing
from .picture_text import label_text

_CLEAR, _UNCLEAR = '#1f77b4', '#7a7a7a'


@dataclass(frozen=True)
class DifferenceRow:
    """One line of the picture: two arms on one data set.

    Args:
        group: Heading that the line stands under, such as the data set.
        name: Name of the line, such as the two arms.
        differences: Differences in percentage points, seed by seed, by the
            name of the figure.
        intervals: Interval of the mean difference by the name of the figure;
            a figure with too few seeds for one is left out.
    """

    group: str
    name: str
    differences: Mapping[str, Sequence[float]]
    intervals: Mapping[str, tuple[float, float]]


def draw_difference_dots(
    rows: Sequence[DifferenceRow],
    figures: Sequence[str],
    path: str | os.PathLike,
) -> None:
    """Draw differences between arms, with a dot for every seed.

    A tick marks the mean and a bar its interval, in colour if the interval
    excludes 0.

    Args:
        rows: The lines, those of a group one after the other.
        figures: Names of the figures, a column each.
        path: Picture to write; its suffix chooses the format.
    """
    places, headings = _places(rows)
    height = 0.8 + 0.28 * (len(rows) + len(headings))
    figure = Figure(
        figsize=(2.4 + 2.6 * len(figures), height),
        dpi=120,
        layout='constrained',
    )
    grid = figure.subplots(1, len(figures), squeeze=False, sharey=True)[0]
    for axes, name in zip(grid, figures, strict=True):
        for row, y in zip(rows, places, strict=True):
            _draw_row(axes, row, name, y)
        axes.axvline(0, color='black', lw=0.8)
        axes.grid(axis='x', alpha=0.3)
        axes.set(title=label_text(name), xlabel='difference [points]')
    names = [*(row.name for row in rows), *headings.values()]
    names = list(map(label_text, names))
    ticks = [*places, *headings]
    grid[0].set_yticks(ticks, names, fontsize=8)
    for label in grid[0].get_yticklabels()[len(rows) :]:
        label.set_fontweight('bold')
    grid[0].set_ylim(max(ticks, default=0) + 0.7, -0.7)
    for axes in grid:
        axes.tick_params(axis='y', length=0)
    with replacing(path) as temporary:
        save_line_drawing(figure, temporary)


def _places(
    rows: Sequence[DifferenceRow],
) -> tuple[list[int], dict[int, str]]:
    """Heights of the rows, and the headings by their heights."""
    places, headings = [], {}
    group, y = None, -1
    for row in rows:
        y += 1
        if row.group != group:
            group = headings[y] = row.group
            y += 1
        places.append(y)
    return places, headings


def _draw_row(axes: Axes, row: DifferenceRow, name: str, y: int) -> None:
    values = row.differences.get(name, ())
    if not values:
        return
    ends = row.intervals.get(name)
    clear = ends is not None and not ends[0] <= 0 <= ends[1]
    colour = _CLEAR if clear else _UNCLEAR
    if ends is not None:
        axes.plot(ends, [y, y], '-', color=colour, lw=2.5, alpha=0.6)
    axes.plot(values, [y] * len(values), 'o', ms=3.5, color='black', alpha=0.5)
    axes.plot([mean(values)], [y], '|', ms=12, mew=2, color=colour)
