"""How good the features are while a run trains."""

from collections.abc import Sequence

from hirl_mm.pages.run_report import Note, Part, Section

from ..metrics import figure_of, in_percent
from .logged import HEALTH, KNN, NEIGHBORS
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
    parts: list[Part] = _knn(records)
    for name in names:
        if name.startswith(HEALTH):
            title = name.removeprefix(HEALTH).replace('_', ' ')
            parts += metric_chart(records, name, f'Features: {title}')
    parts += metric_chart(
        records,
        f'{NEIGHBORS}kept',
        'Neighbours kept since the table before',
        100,
        unit='%',
    )
    for name in names:
        if '/' in name and not name.startswith(_ELSEWHERE):
            scale = in_percent(name, 1.0)
            title = f'Validation: {figure_of(name)}'
            parts += metric_chart(records, name, title, scale)
    without = [r.name for r in records if KNN not in r.curves]
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


def _knn(records: Sequence[RunRecord]) -> list[Part]:
    reference = None
    if len(records) == 1 and 0 in records[0].curves.get(KNN, {}):
        reference = 'initial weights', records[0].curves[KNN][0]
    return metric_chart(
        records, KNN, 'kNN accuracy', unit='%', reference=reference
    )
