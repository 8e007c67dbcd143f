"""Tables, differences and a picture of the runs of studies."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hirl_mm.tables import aligned_table, mean_with_spread
from hirl_mm.visualization.paired_dots import DotPanel, draw_paired_dots

from ..report import report_facts, write_report
from .intervals import PairedDifference, paired_difference
from .plan import Key, keys_of
from .study_file import Study, StudyFile

# Record of every finished run.
Results = Mapping[Key, Mapping[str, object]]
_NOTE = """\
All figures are percentages of frozen features of the backbone. Tables of arms
have mean and standard deviation over the seeds. Differences are taken seed by
seed; both intervals are those of their mean at 95 %, by Student's t and by
resampling the seeds. A difference is called higher or lower only if the t
interval excludes 0. Of many such intervals about one in twenty excludes 0 by
chance alone; no correction is made for their number.
"""


def study_tables(
    file: StudyFile, results: Results, failed: Sequence[Key] = ()
) -> str:
    """Return the tables of all studies in Markdown.

    Args:
        file: The studies.
        results: Records of the finished runs.
        failed: Keys of runs that failed.
    """
    parts = []
    for study in file.studies:
        parts.append(f'## {study.name}\n\n{study.question}\n')
        for data in study.data:
            parts.append(f'### {study.name}: {data}\n')
            values = _values(study, data, results)
            if any(values.values()):
                parts.append(arm_table(values))
                parts.append(difference_table(values, study.pairs))
            parts.append(_missing(study, data, results, failed))
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
    tables = study_tables(file, results, failed)
    facts = report_facts(**facts, **_of_runs(results))
    panels = _panels(file, results)
    write_report(
        folder / 'study.md',
        table=tables,
        note=_NOTE,
        facts=facts,
        content=_content(file, results, failed, facts),
        draw=partial(draw_paired_dots, panels) if panels else None,
    )
    return tables


# Value by arm, figure and seed.
Values = Mapping[str, Mapping[str, Mapping[int, float]]]


def arm_table(values: Values) -> str:
    """Return a table with a row per figure and a column per arm.

    Args:
        values: Values by arm, figure and seed.
    """
    arms = [arm for arm, figures in values.items() if figures]
    rows = [
        [
            name,
            *(
                mean_with_spread(values[arm].get(name, {}).values())
                for arm in arms
            ),
        ]
        for name in _figures(values)
    ]
    heads = [f'{arm} ({_num_seeds(values[arm])})' for arm in arms]
    return aligned_table(['figure (seeds)', *heads], rows)


def difference_table(values: Values, pairs: Sequence[tuple[str, str]]) -> str:
    """Return a table with a row per pair of arms and figure.

    Args:
        values: Values by arm, figure and seed.
        pairs: Names of two arms each, the second subtracted from the first.
    """
    rows = []
    for pair in pairs:
        for name, found in _differences(values, pair).items():
            rows.append([' - '.join(pair), name, *_cells(found)])
    head = ['difference', 'figure', 'reading', 'mean ± sd']
    head += ['t, 95 %', 'bootstrap, 95 %', 'seeds']
    return aligned_table(head, rows, left=3) if rows else ''


def _values(study: Study, data: str, results: Results) -> Values:
    values = {arm: {} for arm in study.arms}
    for key in keys_of(study):
        if key[0] == data and key in results:
            _, arm, seed = key
            for name, value in results[key]['figures'].items():
                values[arm].setdefault(name, {})[seed] = value
    return values


def _figures(values: Values) -> list[str]:
    return list(dict.fromkeys(n for arm in values.values() for n in arm))


def _num_seeds(figures: Mapping[str, Mapping[int, float]]) -> int:
    return max(map(len, figures.values()))


def _differences(
    values: Values, pair: tuple[str, str]
) -> dict[str, PairedDifference]:
    """Differences of all figures of the seeds that both arms have."""
    ours, theirs = (values[arm] for arm in pair)
    paired = {
        name: [
            value - theirs[name][seed]
            for seed, value in by_seed.items()
            if seed in theirs.get(name, {})
        ]
        for name, by_seed in ours.items()
    }
    return {n: paired_difference(d) for n, d in paired.items() if d}


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


def _missing(
    study: Study, data: str, results: Results, failed: Sequence[Key]
) -> str:
    """Say which runs have no result, arm by arm."""
    parts = []
    for arm in study.arms:
        keys = [(data, arm, seed) for seed in study.seeds]
        missing = [key for key in keys if key not in results]
        seeds = ', '.join(
            f'{key[2]} (failed)' if key in failed else f'{key[2]}'
            for key in missing
        )
        if missing:
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
    file: StudyFile, results: Results, failed: Sequence[Key], facts: Mapping
) -> dict[str, object]:
    differences = []
    for study in file.studies:
        for data in study.data:
            values = _values(study, data, results)
            for pair in study.pairs:
                for name, found in _differences(values, pair).items():
                    where = dict(study=study.name, data=data)
                    arms = dict(arm=pair[0], baseline=pair[1], figure=name)
                    entry = where | arms | vars(found)
                    differences.append(entry | dict(reading=found.reading))
    return dict(
        facts=facts,
        differences=[_without_nan(entry) for entry in differences],
        failed=[list(key) for key in failed],
    )


def _without_nan(entry: dict) -> dict:
    # JSON has no nan.
    return {k: None if v != v else v for k, v in entry.items()}


def _panels(file: StudyFile, results: Results) -> list[list[DotPanel]]:
    """A row per study and data set, a column per plotted figure."""
    rows = []
    for study in file.studies:
        for data in study.data:
            values = _values(study, data, results)
            plotted = file.plotted or _figures(values)[:1]
            row = [
                DotPanel(f'{study.name}: {data}', name, pairs)
                for name in plotted
                if (pairs := _pairs(values, study.pairs, name))
            ]
            rows += [row] if row else []
    return rows


def _pairs(
    values: Values, pairs: Sequence[tuple[str, str]], name: str
) -> dict[tuple[str, str], tuple[dict, dict]]:
    both = {
        tuple(pair): tuple(values[arm].get(name, {}) for arm in pair)
        for pair in pairs
    }
    return {pair: found for pair, found in both.items() if any(found)}
