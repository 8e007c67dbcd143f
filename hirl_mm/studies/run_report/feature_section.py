"""How good the features are while a run trains."""

from collections.abc import Sequence
from typing import Any

from hirl_mm.pages.run_report import Chart, Note, Part, Section

from ..metrics import figure_of, in_percent
from .logged import HEALTH, HEALTH_KNN, HEALTH_TITLES, KNN, NEIGHBORS
from .metric_charts import metric_chart, names_in
from .run_record import RunRecord

# What other sections show.
_ELSEWHERE = ('hirl/', 'epoch/', 'knn/', HEALTH, NEIGHBORS)


def feature_section(records: Sequence[RunRecord]) -> Section:
    """Return the section of kNN, the health of the features and validations.

    Args:
        records: The runs.
    """
    names = names_in(records)
    parts: list[Part] = []
    parts += _with_start(records, KNN, 'kNN accuracy', unit='%')
    for name in filter(lambda name: name.startswith(HEALTH), names):
        title, unit, scale = HEALTH_TITLES.get(name, (name, '', 1))
        parts += _with_start(records, name, title, scale, unit=unit)
    parts += metric_chart(
        records,
        f'{NEIGHBORS}kept',
        'Neighbours kept since the table before',
        100,
        unit='%',
    )
    for name in names:
        if '/' in name and not name.startswith(_ELSEWHERE):
            percent = in_percent(name, 1.0)
            title = f'Validation: {figure_of(name)}'
            parts += metric_chart(records, name, title, percent)
    without = [
        record.name
        for record in records
        if not {KNN, HEALTH_KNN}.intersection(record.curves)
    ]
    if without:
        parts.append(
            Note(
                f'kNN is missing in {", ".join(without)}: it needs labelled '
                'images and the hook hirl_mm.KNNProbeHook.',
                'missing',
            )
        )
    if not any(name.startswith(HEALTH) for name in names):
        parts.append(
            Note(
                'Effective rank and spread of the features are missing: no '
                'run has the hook hirl_mm.FeatureHealthHook.',
                'missing',
            )
        )
    return Section('Features', parts)


def _with_start(
    records: Sequence[RunRecord],
    metric: str,
    title: str,
    scale: float = 1,
    **options: Any,
) -> list[Chart]:
    """Return a chart; that of a single run shows the initial weights."""
    reference = None
    values = records[0].curves.get(metric, {})
    if len(records) == 1 and 0 in values:
        reference = 'initial weights', values[0] * scale
    return metric_chart(
        records, metric, title, scale, reference=reference, **options
    )
