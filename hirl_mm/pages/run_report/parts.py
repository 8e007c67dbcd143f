"""What a report consists of, as values.

All texts are plain: the page escapes them, so that names of files and classes
may hold anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

# What a text says: nothing special, that all is well, that something should
# be looked at, or that a part of the report is missing.
Tone = Literal['plain', 'good', 'warning', 'missing']


@dataclass(frozen=True)
class Card:
    """A figure of the summary.

    Args:
        label: What it is.
        value: The figure, as text.
        note: A line below it; may be empty.
        tone: How to take it.
    """

    label: str
    value: str
    note: str = ''
    tone: Tone = 'plain'


@dataclass(frozen=True)
class Note:
    """A paragraph.

    Args:
        text: Its text.
        tone: How to take it.
    """

    text: str
    tone: Tone = 'plain'


@dataclass(frozen=True)
class Curve:
    """A curve of a chart.

    Args:
        name: Name in the legend; empty if there is nothing to tell apart.
        points: y by x, ascending; a value that is not finite leaves a gap.
        style: Number of its color and dashes, the same for one run in all
            charts of a page.
    """

    name: str
    points: Mapping[float, float]
    style: int = 0


@dataclass(frozen=True)
class Chart:
    """Curves over one axis.

    Args:
        title: What the curves show.
        curves: At least one curve.
        x_label: Unit of x, such as ``'epoch'``.
        unit: Unit of y, such as ``'%'``; empty for none.
        reference: Name and y of a horizontal line, such as the accuracy of
            the initial weights; None for no line.
        from_zero: Whether the axis of y begins at 0.
    """

    title: str
    curves: Sequence[Curve]
    x_label: str = 'epoch'
    unit: str = ''
    reference: tuple[str, float] | None = None
    from_zero: bool = False


@dataclass(frozen=True)
class Bars:
    """Stacked horizontal bars.

    Args:
        title: What the bars show.
        bars: Values by bar and part; all at least 0.
        unit: Unit of the values.
    """

    title: str
    bars: Mapping[str, Mapping[str, float]]
    unit: str = ''


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        title: Its caption.
        head: Names of the columns.
        rows: Cells of every row, as many as columns.
        left: Number of left-aligned columns, the first ones; others hold
            numbers.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1


@dataclass(frozen=True)
class Picture:
    """A picture that the page holds.

    Args:
        name: Its caption.
        content: Content of the file.
        kind: Media type, ``'image/png'``, ``'image/jpeg'`` or
            ``'image/webp'``.
    """

    name: str
    content: bytes
    kind: str


@dataclass(frozen=True)
class Folded:
    """A long text that is shown when it is opened.

    Args:
        title: What it is.
        text: The text, in a font of fixed width.
    """

    title: str
    text: str


Part = Chart | Bars | Table | Picture | Folded | Note


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Args:
        title: The heading.
        parts: What it holds, from top to bottom; charts that follow each
            other stand side by side.
    """

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """A report.

    Args:
        title: Title of the page.
        subtitle: Line below the title.
        cards: Figures of the summary.
        notes: Sentences of the summary.
        sections: Sections from top to bottom.
        footer: Last line, such as the version and the date.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    cards: Sequence[Card] = field(default=())
    notes: Sequence[Note] = field(default=())
    footer: str = ''
