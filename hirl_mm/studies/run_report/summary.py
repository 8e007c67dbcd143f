"""What a run has come to, in figures and in words."""

import math
from collections.abc import Sequence
from datetime import timedelta

from hirl_mm.pages.run_report import Card, Note, Table

from ..run_folder import RunFolder
from . import logged
from .literal_config import literal_config
from .loss_section import first_bad
from .run_record import RunRecord

# Above these shares a level of the tree is called unhealthy.
_MANY_EMPTY = 0.1
_LARGEST = 0.5


def planned_length(record: RunRecord) -> int | None:
    """Return how many epochs or iterations a run was to train.

    Args:
        record: The run.

    Returns:
        The number, by the config in its folder; None if this does not tell.
    """
    try:
        text = RunFolder(record.folder).config_file().read_text()
        train = literal_config(text).get('train_cfg') or {}
        length = train.get(f'max_{record.unit}s')
    except (OSError, ValueError, AttributeError):
        return None
    return length if isinstance(length, int) else None


def summary_cards(record: RunRecord) -> list[Card]:
    """Return the main figures of a run.

    Args:
        record: The run.
    """
    cards = [_progress(record)]
    losses = record.curves.get('loss', {})
    if losses:
        first, last = (f'{losses[x]:.4g}' for x in (min(losses), max(losses)))
        bad = first_bad(record, 'loss') is not None
        tone = 'warning' if bad else 'plain'
        cards.append(Card('loss', last, f'at first {first}', tone))
    knn = _knn(record)
    if knn:
        cards.append(_knn_card(knn))
    tree = _prototypes(record)
    if tree:
        cards.append(Card('prototypes', *tree))
    moved = [
        record.last(logged.level_scalar(level, logged.MOVED))
        for level in logged.levels_in(set(record.curves))
    ]
    if moved and None not in moved:
        text = '/'.join(f'{100 * share:.0f}' for share in moved)
        note = 'of the images, by level'
        cards.append(
            Card('moved in the last tree', f'{text}\N{NO-BREAK SPACE}%', note)
        )
    speed = record.curves.get(logged.IMAGES_PER_SECOND, {})
    if speed:
        waiting = record.last(logged.WAITING)
        note = '' if waiting is None else f'{waiting:.0%} of the time waiting'
        value = sum(speed.values()) / len(speed)
        cards.append(Card('images per second', f'{value:,.0f}', note))
    spent = sum((start.duration for start in record.starts), timedelta())
    if spent:
        starts = len(record.starts)
        note = f'{starts} starts' if starts > 1 else 'from first to last line'
        cards.append(Card('duration', str(spent), note))
    return cards


def summary_notes(record: RunRecord) -> list[Note]:
    """Return sentences on what a reader should look at.

    Args:
        record: The run.
    """
    return [
        *(
            Note(f'Part of the log is missing: {text}', 'warning')
            for text in record.broken
        ),
        *_progress_note(record),
        *_knn_note(record),
        *_tree_notes(record),
    ]


def comparison_table(records: Sequence[RunRecord]) -> Table:
    """Return the cards of several runs as one table.

    Args:
        records: The runs.
    """
    cards = [
        {card.label: card for card in summary_cards(record)}
        for record in records
    ]
    labels = list(dict.fromkeys(label for one in cards for label in one))
    rows = []
    for label in labels:
        cells = [label]
        for one in cards:
            card = one.get(label, Card(label, '-'))
            note = f' ({card.note})' if card.note else ''
            cells.append(card.value + note)
        rows.append(cells)
    names = [record.name for record in records]
    return Table('Runs side by side', ['', *names], rows, left=len(names) + 1)


def _progress(record: RunRecord) -> Card:
    planned = planned_length(record)
    value = f'{record.position:g}'
    if planned is None:
        return Card(f'{record.unit}s', value, 'of an unknown number')
    if record.position >= planned:
        return Card(f'{record.unit}s', value, 'finished', 'good')
    note = f'stopped, or still running, of {planned}'
    return Card(f'{record.unit}s', value, note, 'warning')


def _progress_note(record: RunRecord) -> list[Note]:
    planned = planned_length(record)
    if planned is None or record.position >= planned:
        return []
    return [
        Note(
            f'{record.name} has logged {record.position:g} of {planned} '
            f'{record.unit}s. If it does not run any more, go on with '
            'tools/train.py --resume.',
            'warning',
        )
    ]


def _knn(record: RunRecord) -> dict[float, float]:
    """The kNN accuracy in percent by epoch; empty without labels."""
    for name in (logged.KNN, logged.HEALTH_KNN):
        if record.curves.get(name):
            return dict(record.curves[name])
    return {}


def _knn_card(knn: dict[float, float]) -> Card:
    last = knn[max(knn)]
    note, tone = f'after epoch {max(knn):g}', 'plain'
    if 0 in knn and len(knn) > 1:
        gain = last - knn[0]
        note = f'{gain:+.1f} points to the initial weights'
        tone = 'good' if gain > 0 else 'warning' if gain < 0 else 'plain'
    return Card('kNN', f'{last:.1f} %', note, tone)


def _knn_note(record: RunRecord) -> list[Note]:
    knn = _knn(record)
    if 0 not in knn or len(knn) < 2:
        return []
    first, last, best = knn[0], knn[max(knn)], max(knn, key=knn.__getitem__)
    if last < first:
        return [
            Note(
                f'{record.name}: the features have become worse. kNN is '
                f'{last:.1f} % after epoch {max(knn):g}, {first - last:.1f} '
                f'points below the {first:.1f} % of the initial weights.',
                'warning',
            )
        ]
    text = (
        f'{record.name}: kNN has risen from {first:.1f} % with the initial '
        f'weights to {last:.1f} % after epoch {max(knn):g}'
    )
    if knn[best] > last:
        text += f'; it was highest, {knn[best]:.1f} %, after epoch {best:g}'
    return [Note(f'{text}.', 'good' if last > first else 'plain')]


def _prototypes(record: RunRecord) -> tuple[str, str, str] | None:
    levels = logged.levels_in(set(record.curves))
    if not levels:
        return None

    def lasts(figure: str) -> list[float]:
        names = (logged.level_scalar(level, figure) for level in levels)
        return [record.last(name) or 0 for name in names]

    value = ' / '.join(f'{num:,.0f}' for num in lasts(logged.NUM))
    empty = lasts(logged.EMPTY)
    if not any(empty):
        return value, 'none of them empty', 'plain'
    text = ' / '.join(f'{num:,.0f}' for num in empty)
    return value, f'{text} of them empty', 'plain'


def _tree_notes(record: RunRecord) -> list[Note]:
    notes = []
    for level in logged.levels_in(set(record.curves)):

        def last(figure: str, level: int = level) -> float:
            value = record.last(logged.level_scalar(level, figure))
            return math.nan if value is None else value

        num, empty = last(logged.NUM), last(logged.EMPTY)
        where = f'{record.name}: on level {level} of the last tree'
        if empty > _MANY_EMPTY * num:
            text = f'{where}, {empty:,.0f} of {num:,.0f} prototypes are empty'
            tail = ': there are more prototypes than groups of images.'
            notes.append(Note(text + tail, 'warning'))
        if last(logged.LARGEST) > _LARGEST:
            text = f'{where}, one prototype holds {last(logged.LARGEST):.0%}'
            tail = ' of the images: the features may have collapsed.'
            notes.append(Note(text + tail, 'warning'))
    return notes
