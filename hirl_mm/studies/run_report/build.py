"""Build the report of one run, or of several side by side."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from hirl_mm.files import replacing
from hirl_mm.pages.run_report import Page, Section, report_page
from hirl_mm.version import __version__

from .environment_section import environment_section
from .feature_section import feature_section
from .loss_section import loss_section
from .picture_section import picture_section
from .result_section import result_folders, result_section
from .run_names import run_names
from .run_record import RunRecord, read_record
from .settings_section import settings_section
from .summary import comparison_table, summary_cards
from .time_section import time_section
from .tree_section import tree_section
from .verdicts import summary_notes

MOST_RUNS = 6


def run_report(
    runs: Sequence[str | os.PathLike],
    *,
    title: str | None = None,
    recipe: str | os.PathLike | None = None,
    results: Mapping[str, Sequence[str | os.PathLike]] | None = None,
) -> Page:
    """Return the report of one run, or of several side by side.

    What a run has not logged is named in its place.

    Args:
        runs: Work folders of one to six runs.
        title: Title of the page; None for the names of the runs.
        recipe: Config to compare the settings of a single run with; None for
            the recipe of its name or method.
        results: Further folders with results by work folder, as it stands in
            ``runs``; those inside a run are found.

    Raises:
        FileNotFoundError: If a folder holds no run.
        ValueError: If there are no or too many runs, or results of an unknown
            run.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise ValueError(
            f'a report is of 1 to {MOST_RUNS} runs, got {len(runs)}'
        )
    given = {Path(run): found for run, found in (results or {}).items()}
    folders = [Path(run) for run in runs]
    unknown = [str(run) for run in given if run not in folders]
    if unknown:
        raise ValueError(
            f'results are given of {", ".join(unknown)}, which is none of '
            'the runs of the report'
        )
    names = run_names(folders)
    records = list(map(read_record, folders, names))
    further = [
        [*result_folders(run), *map(Path, given.get(run, ()))]
        for run in folders
    ]
    compared = Path(recipe) if recipe else None
    return _page(records, title, compared, further)


def write_run_report(
    runs: Sequence[str | os.PathLike], out: str | os.PathLike, **options: Any
) -> None:
    """Write the report of one run, or of several side by side.

    Args:
        runs: Work folders of one to six runs.
        out: HTML file to write.
        **options: Further arguments of :func:`run_report`.

    Raises:
        FileNotFoundError: If a folder holds no run.
        ValueError: See :func:`run_report`.
    """
    text = report_page(run_report(runs, **options))
    with replacing(out) as temporary:
        temporary.write_text(text, encoding='utf-8')


def _page(
    records: Sequence[RunRecord],
    title: str | None,
    recipe: Path | None,
    results: Sequence[Sequence[Path]],
) -> Page:
    names = ' and '.join(record.name for record in records)
    single = len(records) == 1
    side_by_side = Section('Side by side', [comparison_table(records)])
    return Page(
        title=title or f'Report of {names}',
        subtitle=' · '.join(str(record.folder) for record in records),
        cards=summary_cards(records[0]) if single else (),
        notes=[note for record in records for note in summary_notes(record)],
        sections=[
            *([] if single else [side_by_side]),
            feature_section(records),
            loss_section(records),
            tree_section(records),
            time_section(records),
            result_section(records, results),
            picture_section(records),
            settings_section(records, recipe),
            environment_section(records),
        ],
        footer=f'Written by hirl_mm {__version__} on {date.today()}.',
    )
