"""Make the runs of studies, several at a time, until the time is over."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from ..process import exit_on_sigterm, stop_process
from .grid_run import GridRun, Key
from .job import job_of
from .progress import Progress, expected_seconds
from .progress_lines import LOG_FILE, ProgressLines
from .slots import Slots

_SECONDS_BETWEEN_LOOKS = 0.2
# Lines at the end of the log of a failed run that are shown.
_TAIL = 15


def make_runs(
    progress: Progress,
    slots: Slots,
    *,
    hours: float | None = None,
    keep_checkpoints: bool = False,
    log: Callable[[str], None] = lambda line: None,
    on_result: Callable[[Progress], object] = lambda progress: None,
) -> Progress:
    """Make the runs that are left, each in a process of its own.

    A run that fails is told and does not stop the others. If the calling
    process is stopped by an exception, Ctrl-C or SIGTERM, the runs are
    stopped, too; the next call resumes them.

    Args:
        progress: What was finished before; it is brought up to date.
        slots: Places for runs side by side.
        hours: Time for all; None for no limit. No run starts that is not
            expected to end in time, and those that have not ended then are
            stopped.
        keep_checkpoints: Whether finished runs keep their checkpoints.
        log: Function that is called with every line about the progress.
        on_result: Function that is called after every run that finished.

    Returns:
        ``progress``.

    Raises:
        ValueError: If ``hours`` is not above 0.
    """
    if hours is not None and hours <= 0:
        raise ValueError(f'hours must be above 0, got {hours}')
    end = None if hours is None else time.monotonic() + 3600 * hours
    active: dict[int, tuple[GridRun, subprocess.Popen]] = {}
    lines = ProgressLines()
    with exit_on_sigterm():
        try:
            while True:
                _collect(active, progress, slots, log, on_result)
                if end is not None and time.monotonic() >= end:
                    break
                _start(active, progress, slots, end, keep_checkpoints, log)
                if not active:
                    break
                for run, line in lines.new(r for r, _ in active.values()):
                    log(f'{_named(run.key)}: {line}')
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        finally:
            for run, process in active.values():
                stop_process(process)
                progress.left.append(run)
                log(f'stopped: {_named(run.key)}')
    return progress


def _start(
    active: dict[int, tuple[GridRun, subprocess.Popen]],
    progress: Progress,
    slots: Slots,
    end: float | None,
    keep_checkpoints: bool,
    log: Callable[[str], None],
) -> None:
    """Fill the free places with the first runs that end in time."""
    for place in range(slots.num):
        if place in active:
            continue
        left = None if end is None else end - time.monotonic()
        fits = (
            run
            for run in progress.left
            if left is None or (expected_seconds(run, progress) or 0) <= left
        )
        run = next(fits, None)
        if run is None:
            return
        progress.left.remove(run)
        run.folder.mkdir(parents=True, exist_ok=True)
        words = ['-m', f'{__package__}.worker', job_of(run, keep_checkpoints)]
        with (run.folder / LOG_FILE).open('a') as file:
            active[place] = (
                run,
                subprocess.Popen(
                    [sys.executable, *words],
                    env=slots.environment(place),
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                ),
            )
        log(f'started: {_named(run.key)}')


def _collect(
    active: dict[int, tuple[GridRun, subprocess.Popen]],
    progress: Progress,
    slots: Slots,
    log: Callable[[str], None],
    on_result: Callable[[Progress], object],
) -> None:
    """Take the processes that have ended out of their places."""
    for place, (run, process) in list(active.items()):
        status = process.poll()
        if status is None:
            continue
        del active[place]
        stop_process(process)  # Closes its pipe.
        result = run.result()
        if status or result is None:
            progress.failed.append(run.key)
            log(_failure(run, status))
            continue
        progress.results[run.key] = result
        num_left = len(progress.left) + len(active)
        waiting = [*progress.left, *(other for other, _ in active.values())]
        left = sum(expected_seconds(other, progress) or 0 for other in waiting)
        eta = timedelta(seconds=round(left / slots.num))
        log(
            f'finished: {_named(run.key)}, {result["seconds"]:.0f} s; '
            f'{num_left} runs left, eta: {eta}'
        )
        on_result(progress)


def _failure(run: GridRun, status: int) -> str:
    log_file = run.folder / LOG_FILE
    lines = log_file.read_text(errors='replace').splitlines()[-_TAIL:]
    tail = ''.join(f'    {line}\n' for line in lines)
    return (
        f'{tail}FAILED: {_named(run.key)} with exit status {status}, see '
        f'{log_file}. The other runs go on. Fix the cause and run the same '
        'command again, or delete the folder first to start this run from '
        'the beginning'
    )


def _named(key: Key) -> str:
    data, arm, seed = key
    return f'{data}, {arm}, seed {seed}'
