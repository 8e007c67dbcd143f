"""Put a report together as one file."""

from collections.abc import Sequence
from importlib.resources import files
from itertools import groupby

from ..frame import html_document, picture_uri
from .bars import bars_element
from .chart import chart_element
from .markup import Markup, element, name_element, unturned
from .parts import (
    Bars,
    Card,
    Chart,
    Folded,
    Note,
    Page,
    Part,
    Picture,
    Section,
    Table,
)
from .tables import table_element


def report_page(page: Page) -> str:
    """Return a report as HTML.

    The page is one file without scripts and without links to other files. It
    has a light and a dark look, by the setting of the browser, and tables of
    the values of all charts.

    Args:
        page: What to show.
    """
    style = files(__package__).joinpath('assets/report.css').read_text()
    anchors = [f'part-{i}' for i in range(1, len(page.sections) + 1)]
    links = [
        element('li', element('a', section.title, href=f'#{anchor}'))
        for section, anchor in zip(page.sections, anchors, strict=True)
    ]
    summary = [
        element('ul', *map(_card, page.cards), class_='cards'),
        *map(_note, page.notes),
    ]
    body = [
        element('a', 'To the content', href='#content', class_='skip'),
        element(
            'header',
            element('h1', name_element(page.title)),
            element('p', name_element(page.subtitle), class_='subtitle'),
            element(
                'nav', element('ul', *links), aria_label='Parts of the report'
            ),
        ),
        element(
            'main',
            element(
                'section',
                element('h2', 'Summary', id='summary'),
                *summary,
                aria_labelledby='summary',
            ),
            *map(_section, page.sections, anchors),
            id='content',
        ),
        element('footer', page.footer),
    ]
    title = unturned(page.title)
    return html_document(title, '\n'.join(body), inline_style=style)


def _section(section: Section, anchor: str) -> Markup:
    content = [
        _group(list(parts), is_chart)
        for is_chart, parts in groupby(
            section.parts, lambda part: isinstance(part, Chart)
        )
    ]
    return element(
        'section',
        element('h2', section.title, id=anchor),
        *content,
        aria_labelledby=anchor,
    )


def _group(parts: Sequence[Part], is_chart: bool) -> Markup:
    elements = map(_element, parts)
    if is_chart:
        return element('div', *elements, class_='charts')
    return Markup(''.join(elements))


def _element(part: Part) -> Markup:
    match part:
        case Chart():
            return chart_element(part)
        case Note():
            return _note(part)
        case Table():
            return table_element(part)
        case Bars():
            return bars_element(part)
        case Picture():
            return _picture(part)
        case Folded():
            return _folded(part)


def _card(card: Card) -> Markup:
    note = element('span', name_element(card.note), class_='note')
    return element(
        'li',
        element('span', card.label, class_='label'),
        element('span', name_element(card.value), class_='value'),
        *([note] if card.note else []),
        class_=card.tone,
    )


def _note(note: Note) -> Markup:
    return element('p', name_element(note.text), class_=note.tone)


def _picture(picture: Picture) -> Markup:
    return element(
        'figure',
        element(
            'img',
            src=picture_uri(picture.content, picture.kind),
            alt=f'Picture {picture.name}',
        ),
        element('figcaption', name_element(picture.name)),
        class_='picture',
    )


def _folded(folded: Folded) -> Markup:
    text = element(
        'pre',
        folded.text,
        tabindex=0,
        role='region',
        aria_label=folded.title,
    )
    return element(
        'details', element('summary', name_element(folded.title)), text
    )
