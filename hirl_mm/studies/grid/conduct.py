"""Make the runs of studies and write their report."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from .grid_run import GridRun
from .listing import listing
from .plan import plan_runs
from .progress import Progress, progress_of
from .report import write_study_report
from .shared_results import give_results, take_results
from .side_by_side import make_runs
from .slots import share_machine
from .study_file import StudyFile


def conduct_studies(
    file: StudyFile,
    work_dir: Path,
    *,
    results: Path | None = None,
    hours: float | None = None,
    jobs: int | None = None,
    only_list: bool = False,
    command: str = '',
    log: Callable[[str], None] = lambda text: None,
) -> Progress:
    """Make the runs that are left, with a report after every one.

    The same call continues studies: finished runs are kept, stopped ones
    resumed. A run that fails is told and does not stop the others.

    Args:
        file: The studies.
        work_dir: Folder for the runs.
        results: Folder that machines share, see
            :func:`~hirl_mm.studies.grid.shared_results.give_results`; it gets
            the report, too. None for a report in ``work_dir``.
        hours: See :func:`~hirl_mm.studies.grid.side_by_side.make_runs`.
        jobs: See :func:`~hirl_mm.studies.grid.slots.share_machine`.
        only_list: Log a table of the runs and make none.
        command: Command line that made the studies, for the report.
        log: Function that is called with lines about the progress, and with
            the report at the end.

    Returns:
        What has become of the runs.

    Raises:
        FileNotFoundError: If images or a config are missing.
        ValueError: If the studies cannot be made, or a folder holds runs of
            other settings.
    """
    slots = share_machine(jobs, file.gpus)
    runs = plan_runs(file, work_dir)
    if results:
        take_results(runs, results)
    progress = progress_of(runs)
    if only_list:
        log(listing(runs, progress, slots.num))
        return progress

    report = partial(_report, file, runs, work_dir, results, command)
    log(
        f'{len(runs)} runs, {len(progress.results)} of them finished before; '
        f'{slots.num} side by side, {slots.threads} thread(s) each'
    )
    make_runs(
        progress,
        slots,
        hours=hours,
        keep_checkpoints=file.keep_checkpoints,
        log=log,
        on_result=report,
    )
    log(f'\n{report(progress)}\nwritten to {results or work_dir}')
    if progress.left:
        log(f'{len(progress.left)} runs left: the same command goes on')
    return progress


def _report(
    file: StudyFile,
    runs: Sequence[GridRun],
    work_dir: Path,
    results: Path | None,
    command: str,
    progress: Progress,
) -> str:
    """Write the report, and the results that machines share."""
    if results:
        give_results(runs, results)
    return write_study_report(
        results or work_dir,
        file,
        {r.key: v for r in runs if (v := progress.results.get(r.key))},
        progress.failed,
        command=command,
    )
