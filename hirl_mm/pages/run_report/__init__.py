"""One self-contained HTML page of charts, tables, pictures and text."""

from .numbers import number
from .page import report_page
from .parts import (
    Bars,
    Card,
    Chart,
    Curve,
    Folded,
    Note,
    Page,
    Part,
    Picture,
    Section,
    Table,
)

__all__ = [
    'Bars',
    'Card',
    'Chart',
    'Curve',
    'Folded',
    'Note',
    'Page',
    'Part',
    'Picture',
    'Section',
    'Table',
    'number',
    'report_page',
]
