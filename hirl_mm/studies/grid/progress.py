"""What has become of the runs of a study, and how long the others take."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from .grid_run import GridRun, Key, RunRecord
from .spent_time import spent_seconds


@dataclass
class Progress:
    """What has become of the runs of a study.

    Args:
        results: Record of every finished run, in the order of their ends.
        failed: Keys of the runs that failed.
        left: Runs that wait, in their order.
    """

    results: dict[Key, RunRecord] = field(default_factory=dict)
    failed: list[Key] = field(default_factory=list)
    left: list[GridRun] = field(default_factory=list)


def progress_of(runs: Sequence[GridRun]) -> Progress:
    """Read which runs are finished.

    Args:
        runs: All runs of a study.
    """
    results = {run.key: run.result() for run in runs}
    return Progress(
        {key: value for key, value in results.items() if value is not None},
        left=[run for run in runs if results[run.key] is None],
    )


def expected_seconds(run: GridRun, progress: Progress) -> float | None:
    """Return how long a run will still take, judged by finished ones.

    These are runs of the same arm on the same data, else of the same arm,
    else all.

    Args:
        run: A run that is not finished.
        progress: What has become of the others.

    Returns:
        Seconds; None if no run is finished.
    """
    data, arm, _ = run.key
    taken = {k: v['seconds'] for k, v in progress.results.items()}
    for alike in (
        [s for (d, a, _), s in taken.items() if (d, a) == (data, arm)],
        [s for (_, a, _), s in taken.items() if a == arm],
        list(taken.values()),
    ):
        if alike:
            return max(mean(alike) - spent_seconds(run.folder)['seconds'], 1)
    return None
