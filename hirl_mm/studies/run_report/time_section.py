"""Where the time of runs goes."""

from collections.abc import Sequence
from statistics import mean

from hirl_mm.pages.run_report import Bars, Note, Part, Section, Table

from ..epoch_times import PARTS, mean_epoch, read_epochs
from . import logged
from .metric_charts import metric_chart
from .run_record import RunRecord


def time_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of times, images per second and memory.

    Args:
        records: The runs.
    """
    means, missing = {}, []
    for record in records:
        try:
            epochs = read_epochs(record.folder)
        except ValueError:
            missing.append(record.name)
        else:
            found = mean_epoch(epochs, min(epochs), record.name)
            means[record.name] = {part: max(0, found[part]) for part in PARTS}
    parts: list[Part] = []
    if means:
        parts.append(Bars('Mean epoch by part', means, 's'))
    if missing:
        parts.append(
            Note(
                f'Time per part of an epoch is missing in '
                f'{", ".join(missing)}. To measure it, train with '
                '--cfg-options default_hooks.epoch_time.type='
                'hirl_mm.EpochTimeHook.',
                'missing',
            )
        )
    rows = list(filter(None, map(_step_row, records)))
    if rows:
        head = ['run', 's per step', 'waiting for images, s']
        head += [f'{what}, s' for what in logged.TREE_SECONDS.values()]
        title = 'Mean seconds per step, and per tree'
        parts.append(Table(title, head, rows))
    parts += metric_chart(
        records,
        logged.IMAGES_PER_SECOND,
        'Images per second',
        from_zero=True,
    )
    parts += metric_chart(
        records,
        logged.WAITING,
        'Time spent waiting for images',
        100,
        unit='%',
        from_zero=True,
    )
    parts += metric_chart(
        records,
        logged.PEAK,
        'Rate of a matrix product that is reached',
        100,
        unit='%',
        from_zero=True,
    )
    parts += metric_chart(
        records, logged.MEMORY, 'GPU memory', unit='MiB', from_zero=True
    )
    return Section('Time', parts)


def _step_row(record: RunRecord) -> list[str]:
    names = [logged.ITERATION_TIME, logged.DATA_TIME, *logged.TREE_SECONDS]
    if logged.ITERATION_TIME not in record.curves:
        return []
    cells = [
        f'{mean(record.curves[name].values()):.3f}'
        if name in record.curves
        else '-'
        for name in names
    ]
    return [record.name, *cells]
