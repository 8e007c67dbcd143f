"""What a run has come to, in figures."""

from collections.abc import Sequence
from datetime import timedelta

from hirl_mm.pages.run_report import Card, Table
from hirl_mm.pages.run_report.parts import Tone

from . import logged
from .loss_section import first_bad
from .run_record import RunRecord
from .verdicts import knn_of, planned_length


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
        tone: Tone = 'warning' if bad else 'plain'
        cards.append(Card('loss', last, f'at first {first}', tone))
    knn = knn_of(record)
    if knn:
        cards.append(_knn_card(knn))
    tree = _prototypes(record)
    if tree:
        cards.append(tree)
    moved = [
        record.last(logged.level_scalar(level, logged.MOVED))
        for level in logged.levels_in(set(record.curves))
    ]
    shares = [share for share in moved if share is not None]
    if shares and len(shares) == len(moved):
        text = '/'.join(f'{100 * share:.0f}' for share in shares)
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


def _knn_card(knn: dict[float, float]) -> Card:
    last = knn[max(knn)]
    note = f'after epoch {max(knn):g}'
    tone: Tone = 'plain'
    if 0 in knn and len(knn) > 1:
        gain = last - knn[0]
        note = f'{gain:+.1f} points to the initial weights'
        tone = 'good' if gain > 0 else 'warning' if gain < 0 else 'plain'
    return Card('kNN', f'{last:.1f} %', note, tone)


def _prototypes(record: RunRecord) -> Card | None:
    levels = logged.levels_in(set(record.curves))
    if not levels:
        return None

    def lasts(figure: str) -> list[float]:
        names = (logged.level_scalar(level, figure) for level in levels)
        return [record.last(name) or 0 for name in names]

    value = ' / '.join(f'{num:,.0f}' for num in lasts(logged.NUM))
    empty = lasts(logged.EMPTY)
    if not any(empty):
        return Card('prototypes', value, 'none of them empty')
    text = ' / '.join(f'{num:,.0f}' for num in empty)
    return Card('prototypes', value, f'{text} of them empty')
