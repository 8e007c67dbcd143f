"""Pictures of the results of one or several pre-trained networks."""

import os
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hirl_mm.evaluation.arm_results import TREE_DISTANCE, ArmResults
from hirl_mm.files import replacing

from .axis_span import MIN_SPAN, widen
from .picture_text import label_text

COLORS = ('#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377')
_CURVES = {
    'kNN': ('kNN: neighbours k', 'k='),
    'logistic': ('logistic regression: labelled share', ''),
    'kNN by level': ('kNN by level of the taxonomy', ''),
    'clustering by level': ('clustering by level of the taxonomy', ''),
}
_ROW = 0.24
# Height of a row over which the dots of its arms are spread.
_SPREAD = 0.5


def draw_results(arms: Sequence[ArmResults], path: str | os.PathLike) -> None:
    """Draw results in percent as dots, and results over a setting as curves.

    Filled dots are measured results, hollow dots those of the paper. With
    several networks, a second column shows how far they are from the first
    one, on an axis of its own.

    Args:
        arms: Results of 1 to 6 networks.
        path: Path of the picture; its suffix selects the format.

    Raises:
        ValueError: If there is nothing to draw, or more than six arms.
    """
    if not 1 <= len(arms) <= len(COLORS):
        raise ValueError(
            f'can draw 1 to {len(COLORS)} networks side by side, got '
            f'{len(arms)}'
        )
    curves = [
        protocol
        for protocol in _CURVES
        if any(len(arm.figures.get(protocol, ())) > 1 for arm in arms)
    ]
    keys = list(dict.fromkeys(key for arm in arms for key in arm.rows()))
    keys = [key for key in keys if not key[0].startswith(TREE_DISTANCE)]
    if not keys:
        raise ValueError('there are no results to draw')
    height = max(3.0, _ROW * len(keys) + 1.4, 2.6 * len(curves))
    compares = len(arms) > 1
    widths = [7.0, *([3.0] * compares), *([4.0] * bool(curves))]
    figure = Figure(figsize=(sum(widths), height), dpi=120)
    figure.set_layout_engine('constrained')
    columns = figure.add_gridspec(
        max(1, len(curves)), len(widths), width_ratios=widths
    )
    dots = figure.add_subplot(columns[:, 0])
    _draw_dots(dots, arms, keys)
    if compares:
        axes = figure.add_subplot(columns[:, 1], sharey=dots)
        _draw_differences(axes, arms, keys)
    for row, protocol in enumerate(curves):
        _draw_curve(figure.add_subplot(columns[row, -1]), arms, protocol)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _draw_dots(
    axes: Axes, arms: Sequence[ArmResults], keys: list[tuple[str, str]]
) -> None:
    for arm, color, offset in zip(arms, COLORS, _offsets(arms), strict=False):
        for figures, face in ((arm.rows(), color), (arm.paper(), 'none')):
            label = label_text(arm.name)
            if face != color:
                label += ', paper'
            _scatter(axes, figures, keys, offset, label, color, face)
    names = [label_text(' '.join(key)) for key in keys]
    axes.set_yticks(range(len(keys)), names)
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.set_xlabel('percent')
    axes.grid(axis='x', color='#dddddd')
    axes.grid(axis='y', color='#eeeeee')
    axes.legend(
        loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2, frameon=False
    )


def _draw_differences(
    axes: Axes, arms: Sequence[ArmResults], keys: list[tuple[str, str]]
) -> None:
    first, *others = arms
    given = zip(others, COLORS[1:], _offsets(arms)[1:], strict=False)
    for arm, color, offset in given:
        for base, figures, face in (
            (first.rows(), arm.rows(), color),
            (first.paper(), arm.paper(), 'none'),
        ):
            above = {
                key: figures[key] - base[key]
                for key in keys
                if key in figures
                if key in base
            }
            _scatter(axes, above, keys, offset, '', color, face)
    furthest = max(map(abs, axes.get_xlim()))
    half = max(furthest, MIN_SPAN / 2)
    axes.set_xlim(-half, half)
    axes.axvline(0, color='#888888', zorder=1)
    axes.tick_params(axis='y', labelleft=False)
    axes.set_xlabel(f'points above {label_text(first.name)}, one run each')
    axes.grid(axis='x', color='#dddddd')
    axes.grid(axis='y', color='#eeeeee')


def _offsets(arms: Sequence[ArmResults]) -> list[float]:
    """Where the dots of the arms are in a row, so that all are seen."""
    middle = (len(arms) - 1) / 2
    return [_SPREAD * (i - middle) / len(arms) for i in range(len(arms))]


def _scatter(
    axes: Axes,
    figures: Mapping[tuple[str, str], float],
    keys: list[tuple[str, str]],
    offset: float,
    label: str,
    color: str,
    face: str,
) -> None:
    shown = [
        (figures[key], place + offset)
        for place, key in enumerate(keys)
        if key in figures
    ]
    if shown:
        x, y = zip(*shown, strict=True)
        axes.scatter(
            x,
            y,
            label=label,
            edgecolors=color,
            facecolors=face,
            s=30,
            zorder=3,
        )


def _draw_curve(axes: Axes, arms: Sequence[ArmResults], protocol: str) -> None:
    title, prefix = _CURVES[protocol]
    for arm, color in zip(arms, COLORS, strict=False):
        figures = {
            figure.removeprefix(prefix): value
            for figure, value in arm.figures.get(protocol, {}).items()
            if figure.startswith(prefix) and 'best' not in figure
        }
        names = list(map(label_text, figures))
        axes.plot(names, list(figures.values()), 'o-', color=color, ms=5)
    widen(axes)
    axes.set_title(title, fontsize=10)
    axes.set_ylabel('percent')
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(color='#dddddd')
