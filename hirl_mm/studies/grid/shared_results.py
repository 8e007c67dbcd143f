"""Results of finished runs in a folder that several machines share."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from .grid_run import GridRun


def take_results(runs: Iterable[GridRun], folder: Path) -> None:
    """Note the results that other machines have reached as those of here.

    Args:
        runs: Runs of :func:`~hirl_mm.studies.grid.plan.plan_runs`.
        folder: See :func:`give_results`; it need not exist.

    Raises:
        ValueError: If a result is that of other settings.
    """
    for run in runs:
        result = _shared(run, folder).result()
        if result is not None and run.result() is None:
            run.folder.mkdir(parents=True, exist_ok=True)
            run.note(result)


def give_results(runs: Iterable[GridRun], folder: Path) -> None:
    """Write the results of finished runs into a folder.

    Args:
        runs: Runs of :func:`~hirl_mm.studies.grid.plan.plan_runs`.
        folder: Folder that gets ``<data>/<arm>/seed-<seed>.json`` with what
            ``run.json`` holds. What is there stays.
    """
    for run in runs:
        shared = _shared(run, folder)
        if not shared.record.exists() and run.result() is not None:
            shared.folder.mkdir(parents=True, exist_ok=True)
            shared.note(run.result())


def _shared(run: GridRun, folder: Path) -> GridRun:
    data, arm, seed = run.folder.parts[-3:]
    return replace(run, folder=folder / data / arm, record_name=f'{seed}.json')
