"""Train a protocol over a grid of learning rates, all arms alike."""

import argparse
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from mmengine.config import Config

from hirl_mm.checkpoints import load_backbone
from hirl_mm.options import add_trust_option
from hirl_mm.registry import MODELS, enter_scope
from hirl_mm.studies.sweep_report import write_sweep_report
from hirl_mm.studies.sweep_runs import (
    SweepRun,
    last_value,
    parse_arms,
    plan_runs,
)

TOOLS = Path(__file__).resolve().parent
VALIDATION = re.compile(r'Epoch\(val\) +\[\d+\]\[\d+/\d+\].*')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Every arm is trained at every rate with the same config, '
        'options and seeds; what counts is the last validation. Finished '
        'runs are skipped and stopped ones resumed when the same command is '
        'given again. Example: tools/sweep.py CONFIG --arms "MoCo v2=a.pth" '
        '"HIRL-MoCo v2=b.pth" --lr 0.01 0.1 1 --work-dir work_dirs/sweep',
    )
    parser.add_argument('config', help='config of configs/evaluation')
    parser.add_argument(
        '--arms',
        nargs='+',
        required=True,
        metavar='NAME=CHECKPOINT',
        help='what to compare, by pre-trained checkpoint',
    )
    parser.add_argument(
        '--lr', type=float, nargs='+', required=True, help='the grid'
    )
    parser.add_argument(
        '--param',
        default='optim_wrapper.optimizer.lr',
        help='key of the config that takes the values of the grid '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--seeds', type=int, nargs='+', default=[0], help='(default: 0)'
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
        help='processes of a run, by tools/dist_train.sh if more than 1',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='override the config in all runs',
    )
    add_trust_option(parser)
    return parser.parse_args()


def check_checkpoints(config: str, arms: dict[str, str], trust: bool) -> None:
    """Load every checkpoint once, before hours of training."""
    cfg = Config.fromfile(config)
    enter_scope(cfg)
    for checkpoint in arms.values():
        backbone = MODELS.build(cfg.model.backbone)
        load_backbone(backbone, checkpoint, trust=trust)


def train(run: SweepRun, gpus: int, trust: bool) -> None:
    """Train, show its validations, and leave the rest in train.log."""
    program = [sys.executable, TOOLS / 'train.py', run.settings['config']]
    if gpus > 1:
        launcher = TOOLS / 'dist_train.sh'
        program = ['bash', launcher, run.settings['config'], gpus]
    resume = ['--resume'] if run.resumable() else []
    words = [*program, '--work-dir', run.folder, *resume]
    words += ['--trust-checkpoint'] * trust
    process = subprocess.Popen(
        [str(word) for word in (*words, '--cfg-options', *run.options())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    log = run.folder / 'train.log'
    try:
        with log.open('a') as file:
            for line in process.stdout:
                file.write(line)
                if found := VALIDATION.search(line):
                    print(f'    {found[0]}', flush=True)
        failed = process.wait()
    finally:
        process.terminate()
    if failed:
        tail = ''.join(log.read_text().splitlines(keepends=True)[-20:])
        sys.exit(f'{tail}\nthe training failed, see {log}')


def main() -> None:
    args = parse_args()
    # A sweep that is told to stop stops its training too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('stopped'))
    try:
        arms = parse_arms(args.arms)
        grid = arms, args.lr, args.seeds, args.cfg_options, args.work_dir
        runs = plan_runs(args.config, args.param, *grid)
        found = {run.key: run.finished() for run in runs}
        check_checkpoints(args.config, arms, args.trust_checkpoint)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    metric = Config.fromfile(args.config).protocol.metric
    facts = dict(config=args.config, param=args.param, metric=metric)
    results = {key: value for key, value in found.items() if value is not None}
    todo = [run for run in runs if found[run.key] is None]
    print(f'{len(runs)} runs, {len(results)} of them finished before')
    began = time.monotonic()
    for number, run in enumerate(todo, start=1):
        print(f'[{number}/{len(todo)}] {run.folder}', flush=True)
        run.note(None)
        train(run, args.gpus, args.trust_checkpoint)
        results[run.key] = value = last_value(run.folder, metric)
        run.note(value)
        write_sweep_report(args.work_dir, results, **facts)
        spent = time.monotonic() - began
        left = timedelta(seconds=round(spent / number * (len(todo) - number)))
        print(f'    {value:.2f}, eta: {left}', flush=True)
    report = write_sweep_report(args.work_dir, results, **facts)
    print(f'\n{report}\n\nwritten to {args.work_dir}')


if __name__ == '__main__':
    main()
