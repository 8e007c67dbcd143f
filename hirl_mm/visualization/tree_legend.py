from typing import NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from .class_palette import ClassPalette
from .picture_text import plain_text

DPI = 100
INK = '#22262b'
LINE_SIZE = 13

_LINE_HEIGHT = 32
_SQUARE = 18
_MAX_CLASSES = 20


def text_width(text: str, size: float, bold: bool = False) -> int:
    """Return the width of a line of text in pixels at 100 dots per inch.

    Args:
        text: Any text; its
            :func:`~hirl_mm.visualization.picture_text.plain_text` is measured.
        size: Size of the font in points.
        bold: Whether the font is bold.
    """
    if not text:
        return 0
    font = FontProperties(weight='bold' if bold else 'normal')
    with rc_context({'text.parse_math': False}):
        path = TextPath((0, 0), plain_text(text), size=size, prop=font)
    return int(1.04 * path.get_extents().width * DPI / 72) + 2


class _Entry(NamedTuple):
    """A class in the legend, ``x`` pixels from the left."""

    x: int
    name: str
    color: str


class TreeLegend:
    """Legend with the names of classes beside squares of their color.

    With more than 20 classes the legend is empty: so many colors cannot be
    told apart, and every node names its majority class anyway.

    Attributes:
        right: Right end of its longest line in pixels.

    Args:
        palette: Classes of the samples; None if they are unknown.
        members: (n,) sample indices; the legend lists their classes.
        left: Left end of the legend in pixels.
        end: Where its lines end in pixels; only a single name that is too
            long for a line goes beyond.
    """

    def __init__(
        self,
        palette: ClassPalette | None,
        members: np.ndarray,
        left: int,
        end: int,
    ) -> None:
        self.lines: list[list[_Entry]] = []
        self.right = left
        if palette is None:
            return
        classes = np.unique(palette.labels[members]).tolist()
        if len(classes) > _MAX_CLASSES:
            return
        x = end
        for label in classes:
            name = palette.name(label)
            step = 52 + text_width(name, LINE_SIZE)
            if x + step > end:
                self.lines.append([])
                x = left
            self.lines[-1].append(_Entry(x, name, palette.color(label)))
            x += step
            self.right = max(self.right, x)

    @property
    def height(self) -> int:
        """Height of the legend in pixels."""
        return _LINE_HEIGHT * len(self.lines)

    def paint(self, axes: Axes, top: int) -> None:
        """Paint the legend below the pixel row ``top``."""
        for i, line in enumerate(self.lines):
            y = top + 12 + _LINE_HEIGHT * i
            for x, name, color in line:
                corner = x, y - _SQUARE / 2
                axes.add_patch(
                    Rectangle(corner, _SQUARE, _SQUARE, color=color)
                )
                axes.text(
                    x + _SQUARE + 8,
                    y,
                    name,
                    size=LINE_SIZE,
                    color=INK,
                    va='center_baseline',
                )
