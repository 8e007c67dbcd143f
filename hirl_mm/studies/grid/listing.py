"""What is left of the runs of studies."""

from collections.abc import Sequence
from datetime import timedelta

from hirl_mm.tables import aligned_table

from .grid_run import GridRun
from .progress import Progress, expected_seconds


def listing(runs: Sequence[GridRun], progress: Progress, jobs: int) -> str:
    """Return a table of all runs, and the time that is left.

    Args:
        runs: All runs of the studies.
        progress: Which of them are finished.
        jobs: Number of runs at the same time.
    """
    rows, total, unknown = [], 0.0, 0
    for run in runs:
        data, arm, seed = run.key
        if run.key in progress.results:
            taken = progress.results[run.key]['seconds']
            state, text = 'finished', f'{taken:.0f}'
        else:
            seconds = expected_seconds(run, progress)
            state = 'begun' if run.record.is_file() else 'waits'
            text = '?' if seconds is None else f'{seconds:.0f}'
            total += seconds or 0
            unknown += seconds is None
        rows.append([data, arm, str(seed), state, text])
    table = aligned_table(['data', 'arm', 'seed', 'state', 's'], rows, left=2)
    end = f'{len(progress.results)} of {len(runs)} runs finished'
    if unknown:
        return f'{table}{end}; no run tells yet how long they take'
    left = timedelta(seconds=round(total / jobs))
    return f'{table}{end}; {left} left with {jobs} side by side'
