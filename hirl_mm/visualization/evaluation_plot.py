"""Pictures of the results of one or several pre-trained networks."""

import os
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hirl_mm.evaluation.arm_results import TREE_DISTANCE, ArmResults
from hirl_mm.files import replacing

COLORS = ('#4477aa', '#ee6677', '#228833', '#ccbb44', '#66ccee', '#aa3377')
_CURVES = {
    'kNN': ('kNN: neighbours k', 'k='),
    'logistic': ('logistic regression: labelled share', ''),
    'kNN by level': ('kNN by level of the taxonomy', ''),
    'clustering by level': ('clustering by level of the taxonomy', ''),
}
_ROW = 0.24
# In percent. With a smaller range, noise would look like a difference.
_MIN_SPAN = 5.0


def draw_results(arms: Sequence[ArmResults], path: str | os.PathLike) -> None:
    """Draw results in percent as dots, and results over a setting as curves.

    Filled dots are measured results, hollow dots those of the paper.

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
    figure = Figure(figsize=(11 if curves else 7, height), dpi=120)
    figure.set_layout_engine('constrained')
    columns = figure.add_gridspec(max(1, len(curves)), 2 if curves else 1)
    _draw_dots(figure.add_subplot(columns[:, 0]), arms, keys)
    for row, protocol in enumerate(curves):
        _draw_curve(figure.add_subplot(columns[row, 1]), arms, protocol)
    with replacing(path) as temporary:
        figure.savefig(temporary)


def _draw_dots(
    axes: Axes, arms: Sequence[ArmResults], keys: list[tuple[str, str]]
) -> None:
    for arm, color in zip(arms, COLORS, strict=False):
        for figures, face in ((arm.rows(), color), (arm.paper(), 'none')):
            shown = [
                (figures[key], place)
                for place, key in enumerate(keys)
                if key in figures
            ]
            if shown:
                label = arm.name if face == color else f'{arm.name}, paper'
                axes.scatter(
                    *zip(*shown, strict=True),
                    label=label,
                    edgecolors=color,
                    facecolors=face,
                    s=36,
                    zorder=3,
                )
    axes.set_yticks(range(len(keys)), [' '.join(key) for key in keys])
    axes.set_ylim(len(keys) - 0.5, -0.5)
    axes.set_xlabel('percent')
    axes.grid(axis='x', color='#dddddd')
    axes.grid(axis='y', color='#eeeeee')
    axes.legend(
        loc='lower center', bbox_to_anchor=(0.5, 1), ncols=2, frameon=False
    )


def _draw_curve(axes: Axes, arms: Sequence[ArmResults], protocol: str) -> None:
    title, prefix = _CURVES[protocol]
    for arm, color in zip(arms, COLORS, strict=False):
        figures = {
            figure.removeprefix(prefix): value
            for figure, value in arm.figures.get(protocol, {}).items()
            if figure.startswith(prefix) and 'best' not in figure
        }
        axes.plot(
            list(figures), list(figures.values()), 'o-', color=color, ms=5
        )
    low, high = axes.get_ylim()
    missing = max(0.0, _MIN_SPAN - (high - low)) / 2
    axes.set_ylim(low - missing, high + missing)
    axes.set_title(title, fontsize=10)
    axes.set_ylabel('percent')
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(color='#dddddd')
