from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Wedge
from matplotlib.path import Path as Curve

from .class_palette import ClassPalette
from .picture_text import plain_text
from .semantic_tree_layout import TreeNode, place, total_gaps
from .thumbnails import Images, Thumbnails, sample_members
from .tree_legend import DPI, INK, LINE_SIZE, TreeLegend, text_width

MAX_SIZE = 2400
MARGIN = 44
LEGEND_ENDS = (900, 1200)
ROW_HEIGHTS = (30, 58)
THUMBNAIL_GAP = 4
BRANCH_GAP = 8
TEXT_X = 28
TEXT_GAP = 14
HEAD = 150
COLUMN_HEAD = 92
TITLE_SIZE = 26

BACKGROUND = '#fbfaf7'
FAINT = '#6b7178'
EDGE = '#8796a8'
FRAME = '#cfd3d8'


@dataclass
class Column:
    """Column of the picture for the nodes of one level.

    Args:
        x: Centers of the node markers, in pixels from the left.
        text_width: Width of the text beside the markers in pixels.
        num_images: Number of images per row.
    """

    x: int
    text_width: int
    num_images: int

    @property
    def images_x(self) -> int:
        """Left end of the images in pixels."""
        return self.x + TEXT_X + self.text_width + TEXT_GAP


class SemanticTreePainter:
    """Paints the nodes that :func:`select_nodes` chose.

    All lengths are pixels at 100 dots per inch and y grows downwards. So a
    pixel of a thumbnail is one pixel of the picture.

    Args:
        roots: Nodes of the top level, from top to bottom.
        images: Paths by sample index, or a function that returns the image
            of a sample index.
        palette: Classes of the samples; None if they are unknown.
        members_per_leaf: Number of images per leaf.
        seed: Seed of the choice of members.

    Raises:
        ValueError: If the picture would have too many leaves to be read.
    """

    def __init__(
        self,
        roots: list[TreeNode],
        images: Images,
        palette: ClassPalette | None,
        members_per_leaf: int,
        seed: int,
    ) -> None:
        self.nodes = [node for root in roots for node in root.walk()]
        self.roots = roots
        self.images = images
        self.palette = palette
        self.members_per_leaf = members_per_leaf
        self.seed = seed
        narrow, wide = LEGEND_ENDS
        self._lay_out(wide)
        if self.right < wide:
            self._lay_out(max(self.right, narrow))

    def _lay_out(self, legend_end: int) -> None:
        """Set all lengths, with a legend that ends before ``legend_end``."""
        members = np.concatenate([root.members for root in self.roots])
        self.legend = TreeLegend(self.palette, members, MARGIN, legend_end)
        self.top = HEAD + self.legend.height + COLUMN_HEAD
        row_height = self._row_height()
        bottom = place(self.roots, self.top, row_height, BRANCH_GAP)
        self.height = int(bottom) + MARGIN
        frame = 3 if row_height >= 44 else 2
        self.thumbnails = Thumbnails(
            self.images,
            size=row_height - THUMBNAIL_GAP,
            gap=THUMBNAIL_GAP,
            frame=1 if self.palette is None else frame,
        )
        # Font sizes in points of the first line of text and the others;
        # two lines fit in a row.
        self.sizes = row_height * 0.11 + 6, row_height * 0.075 + 5.5
        self.pitch = 1.72 * self.sizes[1]
        self.columns = self._columns()

    def paint(
        self, title: str, subtitle: list[str], heads: list[list[str]]
    ) -> Figure:
        """Paint the picture.

        Args:
            title: First line of the picture.
            subtitle: Smaller lines below the title.
            heads: Lines above each level's column, from fine to coarse.
        """
        lines = (text_width(line, LINE_SIZE) for line in subtitle)
        head = (text_width(line, LINE_SIZE, True) for line in heads[0])
        width = MARGIN + max(
            self.right,
            self.legend.right,
            self.columns[0].x + max(head),
            MARGIN + text_width(title, TITLE_SIZE, True),
            MARGIN + max(lines),
        )
        figure = Figure((width / DPI, self.height / DPI), dpi=DPI)
        figure.set_facecolor(BACKGROUND)
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(self.height, 0))
        axes.axis('off')
        self._paint_head(axes, title, subtitle)
        self._paint_column_heads(axes, heads)
        for node in self.nodes:
            for child in node.children:
                self._paint_edge(axes, node, child)
        for node in self.nodes:
            self._paint_node(axes, node)
        return figure

    def _row_height(self) -> int:
        rows = sum(root.num_rows for root in self.roots)
        gaps = total_gaps(self.roots, BRANCH_GAP)
        room = MAX_SIZE - self.top - MARGIN - gaps
        height = int(min(room // rows, ROW_HEIGHTS[1]))
        if height < ROW_HEIGHTS[0]:
            raise ValueError(
                f'the picture would have {rows} leaves, more than can be '
                f'read within {MAX_SIZE} pixels; lower max_roots or '
                'max_children'
            )
        return height

    @property
    def right(self) -> int:
        """Right end of the images of the leaves in pixels."""
        leaf = self.columns[0]
        return leaf.images_x + self.thumbnails.extent(leaf.num_images)

    def _columns(self) -> list[Column]:
        """Compute the columns by level.

        No column is wider than its largest node needs. Upper levels show
        fewer images if there is not enough space.
        """
        widths = [0] * (self.roots[0].level + 1)
        largest = [0] * len(widths)
        for node in self.nodes:
            largest[node.level] = max(largest[node.level], len(node.members))
            first, *rest = self._lines(node)
            width = max(
                text_width(first, self.sizes[0], bold=True),
                *(text_width(line, self.sizes[1]) for line in rest),
                0,
            )
            widths[node.level] = max(widths[node.level], width)
        for num_images, edge in ((3, 110), (3, 80), (2, 80), (1, 70)):
            columns: list[Column] = []
            x = MARGIN + 8
            for level in reversed(range(len(widths))):
                num = num_images if level else self.members_per_leaf
                num = min(num, largest[level])
                column = Column(x, widths[level], num)
                columns.insert(0, column)
                x = column.images_x + self.thumbnails.extent(num)
                x += edge
            if x - edge + MARGIN <= MAX_SIZE:
                break
        return columns

    def _lines(self, node: TreeNode) -> list[str]:
        num = len(node.members)
        lines = [f'{num:,} images' if num > 1 else '1 image']
        if self.palette is not None:
            label, share = self.palette.majority(node.members)
            lines.insert(0, f'{self.palette.name(label)} · {share:.0f} %')
        if len(node.children) < node.num_children:
            shown = f'{len(node.children)} of {node.num_children} children'
            lines.append(shown)
        if len(lines) * self.pitch > node.bottom - node.top:
            lines[-2:] = [', '.join(lines[-2:])]
        return lines

    def _color(self, node: TreeNode) -> str:
        if self.palette is None:
            return EDGE
        label, _ = self.palette.majority(node.members)
        return self.palette.color(label)

    def _paint_head(self, axes: Axes, title: str, subtitle: list[str]) -> None:
        axes.text(
            MARGIN,
            66,
            plain_text(title),
            parse_math=False,
            size=TITLE_SIZE,
            weight='bold',
            color=INK,
        )
        for i, line in enumerate(subtitle):
            axes.text(MARGIN, 102 + 26 * i, line, size=LINE_SIZE, color=FAINT)
        self.legend.paint(axes, HEAD)

    def _paint_column_heads(self, axes: Axes, heads: list[list[str]]) -> None:
        for column, lines in zip(self.columns, heads, strict=True):
            y = self.top - COLUMN_HEAD + 26
            for i, line in enumerate(lines):
                axes.text(
                    column.x - 8,
                    y + 21 * i,
                    line,
                    size=11 if i else LINE_SIZE,
                    weight='normal' if i else 'bold',
                    color=FAINT if i else INK,
                )

    def _paint_edge(
        self, axes: Axes, parent: TreeNode, child: TreeNode
    ) -> None:
        column = self.columns[parent.level]
        num_images = min(column.num_images, len(parent.members))
        start = column.images_x + self.thumbnails.extent(num_images) + 8
        end = self.columns[child.level].x
        middle = (start + end) / 2
        points = [
            (start, parent.center),
            (middle, parent.center),
            (middle, child.center),
            (end, child.center),
        ]
        codes = [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]
        largest = max(len(root.members) for root in self.roots)
        width = max(1.2, 11 * (len(child.members) / largest) ** 0.5)
        axes.add_patch(
            PathPatch(
                Curve(points, codes),
                facecolor='none',
                edgecolor=self._color(child),
                alpha=0.4,
                linewidth=width,
                capstyle='butt',
            )
        )

    def _paint_node(self, axes: Axes, node: TreeNode) -> None:
        column = self.columns[node.level]
        self._paint_pie(axes, node)
        lines = self._lines(node)
        y = node.center - self.pitch * (len(lines) - 1) / 2
        for i, line in enumerate(lines):
            axes.text(
                column.x + TEXT_X,
                y + self.pitch * i,
                line,
                size=self.sizes[min(i, 1)],
                color=FAINT if i else INK,
                weight='normal' if i else 'bold',
                va='center_baseline',
            )
        self._paint_images(axes, node)

    def _paint_pie(self, axes: Axes, node: TreeNode) -> None:
        """Paint the marker of a node: a pie chart of its classes."""
        shares = [(EDGE, 1.0)]
        if self.palette is not None:
            shares = self.palette.shares(node.members)
        center = self.columns[node.level].x, node.center
        radius = min(11 + 2 * node.level, 17)
        start = -90.0
        for color, share in shares:
            end = start + 360 * share
            axes.add_patch(
                Wedge(center, radius, start, end, color=color, linewidth=0)
            )
            start = end

    def _paint_images(self, axes: Axes, node: TreeNode) -> None:
        column = self.columns[node.level]
        rows = min(node.level + 1, node.num_rows)
        samples = sample_members(
            node.members,
            rows * column.num_images,
            (self.seed, node.level, node.idx),
        )
        colors = [FRAME] * len(samples)
        if self.palette is not None:
            colors = self.palette.colors(samples)
        grid = self.thumbnails.grid(samples, column.num_images, colors)
        x, y = column.images_x, round(node.center - grid.height / 2)
        axes.imshow(
            grid,
            extent=(x, x + grid.width, y + grid.height, y),
            aspect='auto',
            interpolation='nearest',
            zorder=2,
        )
