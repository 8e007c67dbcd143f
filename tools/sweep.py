"""Train a protocol with every learning rate of a grid, for several arms."""

import argparse
import re
import shlex
import sys
from functools import partial
from pathlib import Path

from hirl_mm.engine.runtime.config_file import read_config
from hirl_mm.options import ToolParser, add_trust_option, run_tool
from hirl_mm.studies import RunFolder, StudyRun, train_runs
from hirl_mm.studies.metrics import in_percent
from hirl_mm.studies.sweep import (
    check_checkpoints,
    parse_arms,
    plan_sweep,
    write_sweep_report,
)

SHOWN = re.compile(r'Epoch\(val\) +\[\d+\]\[\d+/\d+\].*')


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Trains every arm at every rate with the same config, options '
        'and seeds. The last validation of a run is its result. To continue, '
        'run the same command again: finished runs are skipped and stopped '
        'ones resumed. Example: python tools/sweep.py CONFIG --arms '
        '"MoCo v2=a.pth" "HIRL-MoCo v2=b.pth" --lr 0.01 0.1 1 --work-dir '
        'work_dirs/sweep',
    )
    parser.add_argument('config', help='a config of configs/evaluation')
    parser.add_argument(
        '--arms',
        nargs='+',
        required=True,
        metavar='NAME=CHECKPOINT',
        help='arms to compare: a name and the pre-trained checkpoint of each',
    )
    parser.add_argument(
        '--lr',
        type=float,
        nargs='+',
        required=True,
        help='values of the grid, for all arms',
    )
    parser.add_argument(
        '--param',
        default='optim_wrapper.optimizer.lr',
        help='config key that is set to the values of the grid '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--seeds',
        type=int,
        nargs='+',
        default=[0],
        help='seeds of the trainings at every rate (default: 0)',
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        required=True,
        help='folder for the runs, sweep.md, sweep.json and sweep.png',
    )
    parser.add_argument(
        '--gpus',
        type=int,
        default=1,
        help='number of processes per training (default: %(default)s)',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override config values in all runs',
    )
    add_trust_option(parser)
    return parser.parse_args()


def sweep(args: argparse.Namespace) -> str:
    arms = parse_arms(args.arms)
    grid = arms, args.lr, args.seeds, args.cfg_options, args.work_dir
    runs = plan_sweep(args.config, args.param, *grid)
    check_checkpoints(args.config, arms, args.trust_checkpoint)
    metric = read_config(args.config).protocol.metric

    def measure(run: StudyRun) -> float:
        return in_percent(metric, RunFolder(run.folder).last_value(metric))

    report = partial(
        write_sweep_report,
        args.work_dir,
        config=args.config,
        param=args.param,
        metric=metric,
        command=shlex.join(sys.argv),
    )
    results = train_runs(
        runs,
        measure,
        gpus=args.gpus,
        arguments=['--trust-checkpoint'] * args.trust_checkpoint,
        shown=SHOWN,
        log=partial(print, flush=True),
        on_result=report,
    )
    return report(results)


def main(args: argparse.Namespace) -> None:
    report = sweep(args)
    print(f'\n{report}\n\nwritten to {args.work_dir}')


if __name__ == '__main__':
    run_tool(parse_args, main)
