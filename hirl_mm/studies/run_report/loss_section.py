"""Losses, learning rate and what else the lines of a training hold."""

import math
from collections.abc import Sequence

from hirl_mm.pages.run_report import Note, Part, Section

from . import logged
from .metric_charts import metric_chart, names_in, x_label
from .run_record import RunRecord

_ELSEWHERE = {
    *(logged.IMAGES_PER_SECOND, logged.WAITING, logged.PEAK, logged.MEMORY),
    *(logged.ITERATION_TIME, logged.DATA_TIME),
}


def loss_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of the losses, a chart per term.

    Args:
        records: The runs.
    """
    names = names_in(records)
    losses = sorted(filter(logged.is_loss, names), key=_sum_first)
    others = [
        name
        for name in names
        if '/' not in name
        and name not in _ELSEWHERE
        and not logged.is_loss(name)
    ]
    others.sort(key=lambda name: not logged.is_rate(name))
    parts: list[Part] = [
        Note(
            f'{name} of {record.name} is not finite from {record.unit} '
            f'{bad:g} on.',
            'warning',
        )
        for record in records
        for name in losses
        if (bad := first_bad(record, name)) is not None
    ]
    for name in losses:
        title = f'{name}, the sum' if name == 'loss' else name
        parts += metric_chart(records, name, title)
    for name in others:
        parts += metric_chart(records, name, name)
    for record in records:
        if not any(map(logged.is_loss, record.curves)):
            parts.append(
                Note(
                    f'{record.name} has logged no loss: it ended before the '
                    'first line of its log, or it trains nothing.',
                    'missing',
                )
            )
    return Section(f'Losses by {x_label(records)}', parts)


def first_bad(record: RunRecord, name: str) -> float | None:
    """Return the first position at which a metric is not finite, if any is.

    Args:
        record: The run.
        name: Name of the metric.
    """
    values = record.curves.get(name, {}).items()
    return next((x for x, y in values if not math.isfinite(y)), None)


def _sum_first(name: str) -> tuple[bool, str]:
    return name != 'loss', name
