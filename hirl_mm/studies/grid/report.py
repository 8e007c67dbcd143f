"""Tables, differences and a picture of the runs of studies."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hirl_mm.tables import aligned_table, mean_with_spread
from hirl_mm.visualization.paired_dots import DotPanel, draw_paired_dots

from ..report import report_facts, write_report
from .compared import ComparedArms, Results, compare_arms
from .intervals import PairedDifference
from .plan import Key
from .study_file import StudyFile

_NOTE = """\
All figures are percentages of frozen features of the backbone. Tables of arms
have mean and standard deviation over the seeds. Differences are taken seed by
seed; both intervals are those of their mean at 95 %, by Student's t and by
resampling the seeds. A difference is called higher or lower only if the t
interval excludes 0. Of many such intervals about one in twenty excludes 0 by
chance alone; no correction is made for their number.
"""


def study_tables(
    compared: Sequence[ComparedArms], failed: Sequence[Key] = ()
) -> str:
    """Return the tables of all studies in Markdown.

    Args:
        compared: Comparisons of the studies.
        failed: Keys of runs that failed.
    """
    parts = []
    for found in compared:
        study, data = found.study, found.data
        if data == study.data[0]:
            parts.append(f'## {study.name}\n\n{study.question}\n')
        parts.append(f'### {study.name}: {data}\n')
        if found.figures:
            parts += [arm_table(found), difference_table(found)]
        parts.append(_missing(found, failed))
    return '\n'.join(parts)


def write_study_report(
    folder: Path,
    file: StudyFile,
    results: Results,
    failed: Sequence[Key] = (),
    **facts,
) -> str:
    """Write ``study.md``, ``study.json`` and ``study.png``.

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
    tables = study_tables(compared, failed)
    facts = report_facts(**facts, **_of_runs(results))
    panels = _panels(compared, file.plotted)
    write_report(
        folder / 'study.md',
        table=tables,
        note=_NOTE,
        facts=facts,
        content=_content(compared, failed, facts),
        draw=partial(draw_paired_dots, panels) if panels else None,
    )
    return tables


def arm_table(found: ComparedArms) -> str:
    """Return a table with a row per figure and a column per arm.

    Args:
        found: A comparison; arms without a finished run are left out.
    """
    arms = {arm: figures for arm, figures in found.values.items() if figures}
    rows = [
        [
            name,
            *(
                mean_with_spread(figures.get(name, {}).values())
                for figures in arms.values()
            ),
        ]
        for name in found.figures
    ]
    heads = [
        f'{arm} ({max(map(len, figures.values()))})'
        for arm, figures in arms.items()
    ]
    return aligned_table(['figure (seeds)', *heads], rows)


def difference_table(found: ComparedArms) -> str:
    """Return a table with a row per pair of arms and figure.

    Args:
        found: A comparison.
    """
    rows = [
        [' - '.join(pair), name, *_cells(difference)]
        for pair, figures in found.differences.items()
        for name, difference in figures.items()
    ]
    head = ['difference', 'figure', 'reading', 'mean ± sd']
    head += ['t, 95 %', 'bootstrap, 95 %', 'seeds']
    return aligned_table(head, rows, left=3) if rows else ''


def _cells(found: PairedDifference) -> list[str]:
    spread = f' ± {found.spread:.2f}' if found.num > 1 else ''
    return [
        found.reading,
        f'{found.mean:+.2f}{spread}',
        _interval(found.t_interval),
        _interval(found.bootstrap),
        str(found.num),
    ]


def _interval(ends: tuple[float, float] | None) -> str:
    return '-' if ends is None else f'{ends[0]:+.2f} to {ends[1]:+.2f}'


def _missing(found: ComparedArms, failed: Sequence[Key]) -> str:
    """Say which runs have no result, arm by arm."""
    parts = []
    for arm, keys in found.missing.items():
        seeds = ', '.join(
            f'{key[2]} (failed)' if key in failed else f'{key[2]}'
            for key in keys
        )
        if keys:
            parts.append(f'{arm}: seeds {seeds}')
    return f'Not finished: {"; ".join(parts)}.\n' if parts else ''


def _of_runs(results: Results) -> dict[str, object]:
    """Where the runs come from, and what they took."""
    if not results:
        return dict(runs=0)
    records = list(results.values())

    def all_of(name: str) -> str:
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


def _panels(
    compared: Sequence[ComparedArms], plotted: Sequence[str]
) -> list[list[DotPanel]]:
    """A row per study and data set, a column per plotted figure."""
    rows = []
    for found in compared:
        title = f'{found.study.name}: {found.data}'
        row = [
            DotPanel(title, name, pairs)
            for name in plotted or found.figures[:1]
            if (pairs := _dots(found, name))
        ]
        rows += [row] if row else []
    return rows


def _dots(
    found: ComparedArms, name: str
) -> dict[tuple[str, str], tuple[dict, dict]]:
    """Values by seed of both arms of every pair that has some."""
    both = {
        pair: tuple(found.values[arm].get(name, {}) for arm in pair)
        for pair in found.differences
    }
    return {pair: values for pair, values in both.items() if any(values)}
