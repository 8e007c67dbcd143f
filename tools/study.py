"""Train and measure the arms of the studies of a file, and compare them.

The file lists studies in the order of their importance: arms, seeds, data
sets and the pairs of arms to subtract. Every run is a process that trains a
network, measures its frozen features and writes one run.json with settings,
figures, commit, versions and seconds.
"""

import argparse
import os
import shlex
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

from hirl_mm.tables import aligned_table


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='To continue, run the same command again: finished runs are '
        'kept and stopped ones resumed. A run that fails is told and does '
        'not stop the others; the exit status is 1 then. Example: python '
        'tools/study.py configs/studies/small_images.py --work-dir '
        'work_dirs/evidence --hours 3',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('file', type=Path, help='Python config with data, arms and studies')
    add(
        '--work-dir',
        type=Path,
        required=True,
        help='folder for the runs, study.md, study.json and study.png',
    )
    add(
        '--results',
        type=Path,
        metavar='FOLDER',
        help='folder for the results of finished runs and for study.md, '
        'study.json and study.png, which machines can share and a repository '
        'can hold: runs whose results are there are not made again',
    )
    add(
        '--hours',
        type=float,
        help='time for all runs: none starts that is not expected to end in '
        'time, and running ones are stopped then (default: no limit)',
    )
    add(
        '--jobs',
        type=int,
        help='number of runs side by side; on one GPU they share it (default: '
        'one per GPU, without a GPU one per CPU core)',
    )
    add(
        '--only',
        nargs='+',
        metavar='NAME',
        help='names of the studies to make (default: all)',
    )
    add(
        '--list',
        action='store_true',
        help='show the runs, which are finished and how long the others are '
        'expected to take, and make none',
    )
    args = parser.parse_args()
    if args.jobs is not None and args.jobs < 1:
        parser.error(f'--jobs must be at least 1, got {args.jobs}')
    if args.hours is not None and args.hours <= 0:
        parser.error(f'--hours must be above 0, got {args.hours}')
    return args


def slots_for(jobs: int | None):
    """Share the GPUs, or the cores, of this machine among the runs."""
    import torch

    from hirl_mm.studies.grid import Slots

    cores = len(os.sched_getaffinity(0))
    num_gpus = torch.cuda.device_count()
    visible = os.environ.get('CUDA_VISIBLE_DEVICES')
    gpus = visible.split(',') if visible else map(str, range(num_gpus))
    jobs = jobs or num_gpus or cores
    return Slots(jobs, max(1, cores // jobs), tuple(gpus)[:num_gpus])


def listing(runs, progress, jobs: int) -> str:
    """Return a table of all runs, and the time that is left."""
    from hirl_mm.studies.grid import expected_seconds

    rows, total, unknown = [], 0.0, 0
    for run in runs:
        data, arm, seed = run.key
        if run.key in progress.results:
            seconds = progress.results[run.key]['seconds']
            state, text = 'finished', f'{seconds:.0f}'
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


def study(args: argparse.Namespace) -> int:
    from hirl_mm.studies.grid import (
        give_results,
        make_runs,
        plan_runs,
        progress_of,
        read_study_file,
        take_results,
        write_study_report,
    )

    file = read_study_file(args.file)
    if args.only:
        file = file.only(args.only)
    slots = slots_for(args.jobs)
    runs = plan_runs(file, args.work_dir)
    if args.results:
        take_results(runs, args.results)
    progress = progress_of(runs)
    if args.list:
        print(listing(runs, progress, slots.num))
        return 0

    def report(progress) -> str:
        if args.results:
            give_results(runs, args.results)
        return write_study_report(
            args.results or args.work_dir,
            file,
            {r.key: v for r in runs if (v := progress.results.get(r.key))},
            progress.failed,
            command=shlex.join(sys.argv),
        )

    log = partial(print, flush=True)
    log(
        f'{len(runs)} runs, {len(progress.results)} of them finished before; '
        f'{slots.num} side by side, {slots.threads} thread(s) each'
    )
    make_runs(
        progress,
        slots,
        hours=args.hours,
        keep_checkpoints=file.keep_checkpoints,
        log=log,
        on_result=report,
    )
    print(f'\n{report(progress)}\nwritten to {args.results or args.work_dir}')
    if progress.left:
        print(f'{len(progress.left)} runs left: the same command goes on')
    return 1 if progress.failed else 0


def main() -> None:
    args = parse_args()
    try:
        status = study(args)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    sys.exit(status)


if __name__ == '__main__':
    main()
