"""Health of the prototype trees of runs, and what moved between them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hirl_mm.checkpoints.trees import load_tree
from hirl_mm.clustering import moved_shares
from hirl_mm.engine.runtime.run_files import (
    TREES_FOLDER,
    epoch_files,
    epoch_of,
)
from hirl_mm.pages.run_report import Note, Part, Section, Table, number
from hirl_mm.structures import PrototypeTree

from . import logged
from .metric_charts import level_charts, metric_chart, names_in
from .run_record import RunRecord

_EVENNESS = 'evenness'
_MOVED = (
    'Prototypes have other numbers in every tree. A new prototype is '
    'therefore matched with the old one of most of its images; its other '
    'images have moved.'
)


def tree_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of the trees: level by level, and what moved.

    Args:
        records: The runs.
    """
    levels = logged.levels_in(set(names_in(records)))
    if not levels:
        text = 'No run has logged a tree of prototypes: only variants of HIRL'
        tail = ' build one.'
        return Section('Tree', [Note(text + tail, 'missing')])

    def scalars(figure: str) -> list[str]:
        return [logged.level_scalar(level, figure) for level in levels]

    records = [_with_evenness(record, levels) for record in records]
    parts: list[Part] = [
        *level_charts(
            records,
            scalars(logged.EMPTY),
            'Empty prototypes',
            from_zero=True,
        ),
        *level_charts(
            records,
            scalars(logged.LARGEST),
            'Images in the largest prototype',
            100,
            unit='%',
            from_zero=True,
        ),
        *level_charts(
            records, scalars(_EVENNESS), 'Evenness of the sizes', 100, unit='%'
        ),
        *level_charts(
            records,
            scalars(logged.MOVED),
            'Images that moved to another prototype',
            100,
            unit='%',
            from_zero=True,
        ),
        *level_charts(
            records, scalars(logged.OBJECTIVE), 'k-means objective', apart=True
        ),
        *metric_chart(records, logged.SPREAD, 'Spread of the features'),
        _last_trees(records, levels),
        Note(
            'Level 0 is the finest. The entropy is that of the shares of the '
            'images; evenness is its ratio to that of prototypes of equal '
            'size, 100 % at best.'
        ),
        *_moves(records),
    ]
    return Section('Tree', parts)


def _last_trees(records: Sequence[RunRecord], levels: list[int]) -> Table:
    head = ['run', 'level', 'prototypes', 'used', 'empty', 'largest, %']
    head += ['entropy, nats', 'evenness, %', 'objective', 'moved, %']
    rows = []
    for record in records:
        for level in levels:
            row = _level_row(record, level)
            if row:
                rows.append([record.name, f'{level}', *row])
    return Table('Last tree of every run', head, rows, left=1)


def _level_row(record: RunRecord, level: int) -> list[str]:
    def last(figure: str) -> float | None:
        return record.last(logged.level_scalar(level, figure))

    num = last(logged.NUM)
    if num is None:
        return []
    objective = last(logged.OBJECTIVE)
    return [
        f'{num:,.0f}',
        _text(last(logged.USED), ',.0f'),
        _text(last(logged.EMPTY), ',.0f'),
        _text(_times(last(logged.LARGEST), 100), '.1f'),
        _text(last(logged.ENTROPY), '.2f'),
        _text(_times(last(_EVENNESS), 100), '.1f'),
        '-' if objective is None else number(objective),
        _text(_times(last(logged.MOVED), 100), '.1f'),
    ]


def _with_evenness(record: RunRecord, levels: list[int]) -> RunRecord:
    """Add the entropy of the sizes as a share of its highest value."""
    curves = dict(record.curves)
    for level in levels:
        nums = curves.get(logged.level_scalar(level, logged.NUM), {})
        entropy = curves.get(logged.level_scalar(level, logged.ENTROPY), {})
        curve = {
            epoch: value / math.log(nums[epoch])
            for epoch, value in entropy.items()
            if nums.get(epoch, 0) > 1
        }
        if curve:
            curves[logged.level_scalar(level, _EVENNESS)] = curve
    return replace(record, curves=curves)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _text(value: float | None, form: str) -> str:
    return '-' if value is None else format(value, form)


def _moves(records: Sequence[RunRecord]) -> list[Part]:
    """What moved between the trees whose files are there."""
    trees: dict[str, PrototypeTree] = {}
    notes: list[Part] = []
    last: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    for record in records:
        names = []
        for file in epoch_files(record.folder, TREES_FOLDER):
            name = f'{record.name}, epoch {epoch_of(file)}'
            try:
                trees[name] = load_tree(file)
            except (ValueError, OSError) as error:
                notes.append(Note(f'{error}', 'missing'))
            else:
                names.append(name)
        pairs += pairwise(names)
        if names:
            last[record.name] = names[-1]
        else:
            text = f'{record.name} has no tree files in {TREES_FOLDER}'
            notes.append(Note(f'{text}, none to compare.', 'missing'))
    pairs += pairwise(last.values())
    rows = []
    for before, after in pairs:
        try:
            shares = moved_shares(trees[before], trees[after])
        except ValueError as error:
            notes.append(Note(f'{before} and {after}: {error}', 'missing'))
            continue
        text = ' / '.join(f'{100 * share:.1f}' for share in shares)
        rows.append([before, after, text])
    if rows:
        head = 'tree', 'compared with', 'moved by level, %'
        title = 'Images that moved between the saved trees'
        notes = [Table(title, head, rows, left=2), Note(_MOVED), *notes]
    return notes
