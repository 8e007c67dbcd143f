"""Features in the plane, colored by class and by level of a tree.

Figure 2 of the HIRL paper shows several networks side by side.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from hirl_mm.files import replacing

from .class_palette import ClassPalette
from .picture_format import check_picture_format
from .picture_text import plain_text

_MOST_NAMED = 20
_UNKNOWN = '#c9ccd0'
_INCHES = 4.2


@dataclass(frozen=True)
class EmbeddingColumn:
    """Features of one network in the plane.

    Args:
        name: Name of the network.
        points: (n, 2) coordinates, see
            :func:`~hirl_mm.visualization.projection.project`.
        groups: (n,) group of every point, such as its class, by the name of
            the row that shows it; -1 for a point without a group.
        names: Names of the groups by the name of the row; without an entry
            the groups are not named.
    """

    name: str
    points: Tensor
    groups: Mapping[str, Tensor]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


def draw_embedding_panels(
    columns: Sequence[EmbeddingColumn],
    out: str | os.PathLike,
    *,
    title: str = '',
) -> None:
    """Draw networks side by side, with a row per way of coloring.

    Args:
        columns: At least one network. The rows are those of all networks; a
            network without the groups of a row leaves its place empty. The
            rows of a single network stand side by side.
        out: Picture to write; its suffix chooses the format, such as ``.png``
            or ``.svg``.
        title: Title of the picture.

    Raises:
        ValueError: If there is nothing to color, or the format is unknown.
    """
    check_picture_format(out)
    rows = list(dict.fromkeys(row for c in columns for row in c.groups))
    if not rows:
        raise ValueError(
            'there is nothing to color points by: neither classes nor a tree'
        )
    # The rows of a single network stand side by side.
    shape = (len(rows), len(columns)) if columns[1:] else (1, len(rows))
    size = _INCHES * shape[1] + 1.6, _INCHES * shape[0] + 0.8
    figure = Figure(size, dpi=120, layout='constrained')
    all_axes = figure.subplots(*shape, squeeze=False)
    all_axes = all_axes.reshape(len(rows), len(columns))
    for row, axes_of_row in zip(rows, all_axes, strict=True):
        for column, axes in zip(columns, axes_of_row, strict=True):
            _paint(axes, column, row)
        _name_groups(axes_of_row[-1], columns, row)
    figure.suptitle(plain_text(title), parse_math=False)
    # Texts of an SVG stay texts, to be searched and edited.
    with replacing(out) as temporary, rc_context({'svg.fonttype': 'none'}):
        figure.savefig(temporary)


def _paint(axes: Axes, column: EmbeddingColumn, row: str) -> None:
    if row not in column.groups:
        axes.axis('off')
        return
    groups = column.groups[row]
    known = groups >= 0
    x, y = column.points.unbind(1)
    axes.scatter(x[~known], y[~known], c=_UNKNOWN, s=9, linewidths=0)
    if known.any():
        palette = ClassPalette(groups.numpy(), column.names.get(row))
        colors = palette.colors(known.nonzero()[:, 0].numpy())
        axes.scatter(x[known], y[known], c=colors, s=9, linewidths=0)
    title = f'{plain_text(column.name)}\n{plain_text(row)}'
    axes.set_title(title, size=11, parse_math=False)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.03)


def _name_groups(
    axes: Axes, columns: Sequence[EmbeddingColumn], row: str
) -> None:
    """Name the groups of a row once, if they are few and have names."""
    column = next((c for c in columns if row in c.names), None)
    if column is None or len(column.names[row]) > _MOST_NAMED:
        return
    palette = ClassPalette(column.groups[row].numpy(), column.names[row])
    for label in range(palette.num_classes):
        name, color = palette.name(label), palette.color(label)
        axes.scatter([], [], c=color, s=30, label=name)
    # No panel, and therefore no legend, where the last network has no groups.
    axes.legend(
        loc='center left', bbox_to_anchor=(1, 0.5), frameon=False, fontsize=9
    )
