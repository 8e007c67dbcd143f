"""What a run has come to, in words."""

import math

from hirl_mm.pages.run_report import Note

from ..run_folder import RunFolder
from . import logged
from .literal_config import literal_config
from .run_record import RunRecord

# Above these shares a level of the tree is called unhealthy.
_MANY_EMPTY = 0.1
_LARGEST = 0.5


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


def planned_length(record: RunRecord) -> int | None:
    """Return how many epochs or iterations a run was to train.

    Args:
        record: The run.

    Returns:
        The number, by the config in its folder; None if this does not tell.
    """
    try:
        text = RunFolder(record.folder).config_file().read_text()
        train = literal_config(text).get('train_cfg')
    except (OSError, ValueError):
        return None
    if not isinstance(train, dict):
        return None
    length = train.get(f'max_{record.unit}s')
    return length if isinstance(length, int) else None


def knn_of(record: RunRecord) -> dict[float, float]:
    """Return the kNN accuracy of a run, in percent by epoch.

    Args:
        record: The run.

    Returns:
        That on held-out images, else that on training images; empty without
        labels.
    """
    for name in (logged.KNN, logged.HEALTH_KNN):
        if record.curves.get(name):
            return dict(record.curves[name])
    return {}


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


def _knn_note(record: RunRecord) -> list[Note]:
    knn = knn_of(record)
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
