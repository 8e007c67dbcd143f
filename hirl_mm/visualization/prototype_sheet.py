import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from hirl_mm.files import replacing

from .picture_format import check_picture_format
from .picture_text import plain_text
from .thumbnails import Thumbnails
from .tree_legend import DPI, INK, text_width

BACKGROUND, FAINT = '#fbfaf7', '#5d636a'
MEMBER, OTHER = '#4477aa', '#d5d3cc'
_MARGIN, _COLUMN_GAP, _SECTION_GAP = 36, 44, 34
_SIZE, _GAP, _FRAME = 66, 4, 3
_TITLE, _HEAD, _CAPTION, _ROW_GAP = 108, 66, 23, 12
_MAX_COLUMNS = 3
_MIN_WIDTH = 400


class PrototypeRow(NamedTuple):
    """A prototype with the pictures nearest to it.

    Args:
        name: First words of the caption, in bold.
        note: The rest of the caption.
        pictures: The pictures, the nearest first.
        is_member: Whether each picture belongs to the prototype.
    """

    name: str
    note: str
    pictures: Sequence[Image.Image]
    is_member: Sequence[bool]


class PrototypeSection(NamedTuple):
    """The prototypes of a scale or of a level.

    Args:
        title: Title of the section.
        note: Line below the title.
        rows: Its prototypes, from top to bottom.
    """

    title: str
    note: str
    rows: Sequence[PrototypeRow]


def draw_prototype_sheet(
    sections: Sequence[PrototypeSection],
    out: str | os.PathLike,
    *,
    title: str = 'Prototypes',
    note: str = '',
) -> None:
    """Draw prototypes with the images or patches nearest to them.

    Sections stand side by side, at most three in a row. Every prototype is a
    row of pictures with a caption above; pictures that belong to another
    prototype, although they are near to this one, have a pale frame.

    Args:
        sections: At least one section with a prototype.
        out: Picture to write; its suffix chooses the format.
        title: First line of the picture.
        note: Line below the title.

    Raises:
        ValueError: If there is nothing to show, or the format is unknown.
    """
    if not any(section.rows for section in sections):
        raise ValueError('there is no prototype to show in any section')
    check_picture_format(out)
    figure = _Sheet(sections).paint(title, note)
    with replacing(out) as temporary:
        figure.savefig(temporary, facecolor=BACKGROUND)


class _Sheet:
    """Paints sections; lengths are pixels, and y grows downwards."""

    def __init__(self, sections: Sequence[PrototypeSection]) -> None:
        self.lines = [
            sections[start : start + _MAX_COLUMNS]
            for start in range(0, len(sections), _MAX_COLUMNS)
        ]
        self.columns = [
            max(map(_width, column))
            for column in (
                sections[i::_MAX_COLUMNS] for i in range(_MAX_COLUMNS)
            )
            if column
        ]

    def paint(self, title: str, note: str) -> Figure:
        gaps = _COLUMN_GAP * (len(self.columns) - 1)
        width = 2 * _MARGIN + max(
            sum(self.columns) + gaps,
            text_width(title, 21, bold=True),
            text_width(note, 11),
        )
        heights = [max(map(_height, line)) for line in self.lines]
        gaps = _SECTION_GAP * (len(heights) - 1)
        height = _TITLE + sum(heights) + gaps + _MARGIN
        figure = Figure((width / DPI, height / DPI), DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis('off')
        _text(axes, _MARGIN, 54, title, 21, INK, 'bold')
        _text(axes, _MARGIN, 84, note, 11, FAINT)
        top = _TITLE
        for line, line_height in zip(self.lines, heights, strict=True):
            left = _MARGIN
            for section, column in zip(line, self.columns, strict=False):
                _paint_section(axes, left, top, section)
                left += column + _COLUMN_GAP
            top += line_height + _SECTION_GAP
        return figure


def _width(section: PrototypeSection) -> int:
    captions = (
        text_width(row.name, 10.5, bold=True) + 8 + text_width(row.note, 9.5)
        for row in section.rows
    )
    images = max((len(row.pictures) for row in section.rows), default=0)
    note = text_width(section.note, 10.5)
    return max(images * (_SIZE + _GAP) - _GAP, note, *captions, _MIN_WIDTH)


def _height(section: PrototypeSection) -> int:
    return _HEAD + len(section.rows) * (_CAPTION + _SIZE + _ROW_GAP)


def _paint_section(
    axes: Axes, left: int, top: int, section: PrototypeSection
) -> None:
    _text(axes, left, top + 24, section.title, 14, INK, 'bold')
    _text(axes, left, top + 45, section.note, 10.5, FAINT)
    y = top + _HEAD
    for row in section.rows:
        name = text_width(row.name, 10.5, bold=True)
        _text(axes, left, y + 15, row.name, 10.5, INK, 'bold')
        _text(axes, left + name + 8, y + 15, row.note, 9.5, FAINT)
        _paint_pictures(axes, left, y + _CAPTION, row)
        y += _CAPTION + _SIZE + _ROW_GAP


def _paint_pictures(
    axes: Axes, left: int, top: int, row: PrototypeRow
) -> None:
    if not row.pictures:
        return
    thumbnails = Thumbnails(row.pictures.__getitem__, _SIZE, _GAP, _FRAME)
    colors = [MEMBER if member else OTHER for member in row.is_member]
    numbers = np.arange(len(row.pictures))
    grid = thumbnails.grid(numbers, len(numbers), colors)
    axes.imshow(
        grid,
        extent=(left, left + grid.width, top + grid.height, top),
        aspect='auto',
        interpolation='nearest',
    )


def _text(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    size: float,
    color: str,
    weight: str = 'normal',
) -> None:
    axes.text(
        x,
        y,
        plain_text(text),
        parse_math=False,
        size=size,
        color=color,
        weight=weight,
    )
