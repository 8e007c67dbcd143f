"""The report of the runs of studies: tables, pictures and all values."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hirl_mm.visualization.paired_dots import draw_paired_dots

from ..report import report_facts, write_report
from .compared import ComparedArms, Results, compare_arms
from .grid_run import Key
from .pictures import dot_panels, draw_differences
from .study_file import StudyFile
from .tables import study_tables

_NOTE = """\
All figures are percentages of frozen features of the backbone. Tables of arms
have mean and standard deviation over the seeds. Differences are taken seed by
seed; both intervals are those of their mean at 95 %, by Student's t and by
resampling the seeds. A difference is called higher or lower only if the t
interval excludes 0. Of many such intervals about one in twenty excludes 0 by
chance alone; no correction is made for their number.
"""


def write_study_report(
    folder: Path,
    file: StudyFile,
    results: Results,
    failed: Sequence[Key] = (),
    **facts: Any,
) -> str:
    """Write ``study.md``, ``study.json``, ``study.png`` and differences.

    Args:
        folder: Folder to write to.
        file: The studies.
        results: Records of the finished runs.
        failed: Keys of runs that failed.
        **facts: Further facts, such as the command.

    Returns:
        The tables of the report.
    """
    compared = compare_arms(file, results)
    tables = study_tables(compared, file.plotted, failed)
    facts = report_facts(**facts, **_of_runs(results))
    panels = dot_panels(compared, file.plotted)
    write_report(
        folder / 'study.md',
        table=tables,
        note=_NOTE,
        facts=facts,
        content=_content(compared, failed, facts),
        draw=partial(draw_paired_dots, panels) if panels else None,
    )
    draw_differences(compared, file, folder)
    return tables


def _of_runs(results: Results) -> dict[str, object]:
    """Where the runs come from, and what they took."""
    if not results:
        return dict(runs=0)
    records = list(results.values())

    def all_of(name: Literal['commit', 'device']) -> str:
        return ', '.join(sorted({str(record[name]) for record in records}))

    hours = sum(record['seconds'] for record in records) / 3600
    cpu_hours = sum(record['cpu_seconds'] for record in records) / 3600
    return {
        'runs': len(records),
        'hours of all runs': round(hours, 2),
        'CPU hours of all runs': round(cpu_hours, 2),
        'commits of the runs': all_of('commit'),
        'devices of the runs': all_of('device'),
    }


def _content(
    compared: Sequence[ComparedArms], failed: Sequence[Key], facts: Mapping
) -> dict[str, object]:
    differences = []
    for found in compared:
        where = dict(study=found.study.name, data=found.data)
        for (arm, baseline), figures in found.differences.items():
            for name, difference in figures.items():
                arms = dict(arm=arm, baseline=baseline, figure=name)
                entry = where | arms | vars(difference)
                differences.append(entry | dict(reading=difference.reading))
    return dict(
        facts=facts,
        differences=[_without_nan(entry) for entry in differences],
        failed=[list(key) for key in failed],
    )


def _without_nan(entry: dict) -> dict:
    # JSON has no nan.
    return {k: None if v != v else v for k, v in entry.items()}
