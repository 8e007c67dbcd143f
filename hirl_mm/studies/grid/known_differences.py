"""A pair of runs beside what more seeds have shown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from hirl_mm.tables import aligned_table, mean_with_spread

from .compared import ComparedArms
from .intervals import HIGHER, LOWER
from .pairs import Pair
from .tables import mean_with_interval


class KnownDifference(TypedDict):
    """An entry of a report, as far as it is read."""

    figure: str
    num: int
    mean: float
    t_interval: list[float] | None
    reading: str


Known = Mapping[str, KnownDifference]  # By figure.


def known_differences(
    report: Path, study: str, data: str, pair: Pair
) -> dict[str, KnownDifference]:
    """Read the differences of two arms from the report of a study.

    Args:
        report: A ``study.json``.
        study: Name of the study.
        data: Name of the data set.
        pair: Names of the arms, the second subtracted from the first.

    Returns:
        Entries of the report by figure; empty if the study has no such pair.
    """
    wanted = dict(study=study, data=data, arm=pair[0], baseline=pair[1])
    return {
        entry['figure']: entry
        for entry in json.loads(report.read_text())['differences']
        if wanted.items() <= entry.items()
    }


def table_beside_known(found: ComparedArms, known: Known) -> str:
    """Return a table of arms with their difference and that of more seeds.

    Args:
        found: Arms with finished runs, and one pair of them.
        known: See :func:`known_differences`.

    Returns:
        A row per figure. In the last column, the mean difference and its t
        interval, in bold type if that excludes 0.
    """
    ((pair, differences),) = found.differences.items()
    num = max((entry['num'] for entry in known.values()), default=0)
    head = ['figure', *found.values, ' - '.join(pair), f'{num} seeds, 95 %']
    rows = []
    for name in found.figures:
        values = (figures[name].values() for figures in found.values.values())
        rows.append(
            [
                name,
                *map(mean_with_spread, values),
                f'{differences[name].mean:+.1f}',
                _with_interval(known.get(name)),
            ]
        )
    return aligned_table(head, rows)


def _with_interval(entry: KnownDifference | None) -> str:
    if entry is None:
        return '-'
    clear = entry['reading'] in (HIGHER, LOWER)
    return mean_with_interval(entry['mean'], entry['t_interval'], clear, 1)
