"""What the process of a run is told on its command line."""

import json
from pathlib import Path

from .grid_run import GridRun, RunSettings


def job_of(run: GridRun, keep_checkpoint: bool) -> str:
    """Return the description of a run that its process gets, as JSON.

    Args:
        run: Run of :func:`~hirl_mm.studies.grid.plan.plan_runs`.
        keep_checkpoint: Whether to keep the checkpoints.
    """
    return json.dumps(
        dict(
            config=str(run.config),
            folder=str(run.folder),
            settings=run.settings,
            options=run.options,
            record_name=run.record_name,
            keep_checkpoint=keep_checkpoint,
        )
    )


def read_job(text: str) -> tuple[GridRun, bool]:
    """Return the run and whether to keep the checkpoints.

    Args:
        text: What :func:`job_of` returned.
    """
    job = json.loads(text)
    keep_checkpoint = job.pop('keep_checkpoint')
    folder, options = Path(job.pop('folder')), tuple(job.pop('options'))
    settings: RunSettings = job.pop('settings')
    key = settings['data'], settings['arm'], settings['seed']
    run = GridRun(
        key, folder=folder, settings=settings, options=options, **job
    )
    return run, keep_checkpoint
