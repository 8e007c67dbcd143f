"""Paints a subtree, a prototype above its branches."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve

from .class_palette import ClassPalette
from .picture_text import plain_text
from .semantic_tree_layout import TreeNode
from .thumbnails import Images, Thumbnails
from .tree_legend import DPI, INK, text_width

_FAINT, _EDGE, _FRAME = '#5d636a', '#8796a8', '#cfd3d8'
_SIZE, _GAP = 72, 4
_COLUMNS, _ROWS, _MOST_COLUMNS = 3, 3, 8
_MARGIN, _HEAD, _CAPTION, _BETWEEN, _APART = 40, 104, 50, 62, 34


class SubtreePainter:
    """Paints a subtree; lengths are pixels, and y grows downwards.

    Args:
        root: The prototype at the top, with the branches to show.
        images: Paths of the images by sample index, or a function that
            returns the image of a sample index.
        pick: Function that returns at most a number of members of a node,
            those to show.
        palette: Classes of the images, -1 for unknown ones; None without
            labels.
    """

    def __init__(
        self,
        root: TreeNode,
        images: Images,
        pick: Callable[[TreeNode, int], np.ndarray],
        palette: ClassPalette | None,
    ) -> None:
        self.root, self.pick, self.palette = root, pick, palette
        frame = 1 if palette is None else 3
        self.thumbnails = Thumbnails(images, _SIZE, _GAP, frame)
        self.nodes = root.walk()
        width = max(self.thumbnails.extent(_COLUMNS), *self._text_widths())
        self.column = width + _APART
        self.centers: dict[tuple[int, int], float] = {}
        self._place(root, 0)

    def paint(self, title: str, note: str) -> Figure:
        """Paint the picture.

        Args:
            title: First line of the picture.
            note: Line below the title.
        """
        depth = self.root.level - min(node.level for node in self.nodes)
        width = 2 * _MARGIN + max(
            self.root.num_rows * self.column - _APART,
            text_width(title, 20, bold=True),
            text_width(note, 11),
        )
        tree_width = self.root.num_rows * self.column - _APART
        self.left = (width - tree_width) / 2
        height = _HEAD + depth * self._step + self._block + _MARGIN
        figure = Figure((width / DPI, height / DPI), DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis('off')
        axes.text(
            _MARGIN,
            48,
            plain_text(title),
            parse_math=False,
            size=20,
            weight='bold',
            color=INK,
        )
        axes.text(_MARGIN, 76, note, size=11, color=_FAINT)
        for node in self.nodes:
            for child in node.children:
                self._paint_edge(axes, node, child)
        for node in self.nodes:
            self._paint_node(axes, node)
        return figure

    @property
    def _block(self) -> int:
        """Height of a caption and the images below it."""
        return _CAPTION + self.thumbnails.extent(_ROWS)

    @property
    def _step(self) -> int:
        return self._block + _BETWEEN

    def _place(self, node: TreeNode, first: int) -> None:
        """Put a node above the middle of its leaves, from column ``first``."""
        middle = first + node.num_rows / 2
        self.centers[node.level, node.idx] = middle * self.column - _APART / 2
        for child in node.children:
            self._place(child, first)
            first += child.num_rows

    def _at(self, node: TreeNode) -> tuple[float, int]:
        """Return the center of a node and the upper end of its caption."""
        x = self.left + self.centers[node.level, node.idx]
        return x, _HEAD + (self.root.level - node.level) * self._step

    def _lines(self, node: TreeNode) -> tuple[str, str]:
        name = f'level {node.level}, prototype {node.idx}'
        num = len(node.members)
        size = f'{num:,} images' if num > 1 else '1 image'
        if len(node.children) < node.num_children:
            size += f', {len(node.children)} of {node.num_children} branches'
        if self.palette is None:
            return name, size
        known = self._labelled(node)
        if not len(known):
            return 'no labels', f'{name}: {size}'
        label, share = self.palette.majority(known)
        return f'{self.palette.name(label)} · {share:.0f} %', f'{name}: {size}'

    def _text_widths(self) -> list[int]:
        lines = map(self._lines, self.nodes)
        return [
            max(text_width(bold, 12, bold=True), text_width(faint, 9.5))
            for bold, faint in lines
        ]

    def _color(self, node: TreeNode) -> str:
        known = self._labelled(node)
        if self.palette is None or not len(known):
            return _EDGE
        label, _ = self.palette.majority(known)
        return self.palette.color(label)

    def _labelled(self, node: TreeNode) -> np.ndarray:
        """Return the members whose class is known."""
        if self.palette is None:
            return node.members[:0]
        return node.members[self.palette.labels[node.members] >= 0]

    def _paint_edge(
        self, axes: Axes, parent: TreeNode, child: TreeNode
    ) -> None:
        start, top = self._at(parent)
        end, below = self._at(child)
        top, below = top + self._block + 6, below - 4
        middle = (top + below) / 2
        points = [(start, top), (start, middle), (end, middle), (end, below)]
        codes = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
        share = len(child.members) / len(self.root.members)
        axes.add_patch(
            PathPatch(
                Curve(points, codes),
                facecolor='none',
                edgecolor=self._color(child),
                alpha=0.5,
                linewidth=max(1.5, 12 * share**0.5),
                capstyle='butt',
            )
        )

    def _paint_node(self, axes: Axes, node: TreeNode) -> None:
        x, top = self._at(node)
        bold, faint = self._lines(node)
        text = partial(axes.text, x, ha='center', va='center_baseline')
        text(top + 14, bold, size=12, color=INK, weight='bold')
        text(top + 34, faint, size=9.5, color=_FAINT)
        columns = min(_COLUMNS * node.num_rows, _MOST_COLUMNS)
        samples = self.pick(node, columns * _ROWS)
        columns = min(columns, -(-len(samples) // _ROWS))
        colors = [_FRAME] * len(samples)
        if self.palette is not None:
            colors = [
                self.palette.color(label) if label >= 0 else _FRAME
                for label in self.palette.labels[samples].tolist()
            ]
        grid = self.thumbnails.grid(samples, columns, colors)
        left, y = round(x - grid.width / 2), top + _CAPTION
        axes.imshow(
            grid,
            extent=(left, left + grid.width, y + grid.height, y),
            aspect='auto',
            interpolation='nearest',
            zorder=2,
        )
