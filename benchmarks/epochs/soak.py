"""Memory, threads and files of a long run, which must not grow.

HIRL-MoCo v2 trains on a few of the demo's digits for many short epochs in one
process, with a tree and a checkpoint in each. After every epoch resident
memory, open files, threads, GPU memory, and size and number of the files in
the work folder are counted. The slopes over the second half are reported with
their intervals, and drawn. A run that was stopped goes on if it is started
again with the same work folder; logs in it grow by some bytes per epoch.
"""

import json
import sys
from argparse import Namespace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from benchmarks.common.machine import describe
from benchmarks.common.options import add_seed, new_parser, parse, report
from benchmarks.common.threads import threads
from benchmarks.common.usage import usage
from benchmarks.epochs.demo_runs import demo_config
from benchmarks.epochs.soak_slopes import draw_soak, slopes, slopes_table
from hirl_mm.datasets.toy import write_digits
from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from hirl_mm.files import replacing

QUICK = dict(epochs=6, num_images=64)


class UsageHook(Hook):
    """Writes what is used after every epoch, behind all other hooks.

    Args:
        file: File with a row of JSON per epoch. Rows of epochs that a resumed
            run trains again are replaced.
    """

    priority = 'LOWEST'

    def __init__(self, file: Path) -> None:
        self.file = file

    def before_train(self, runner: Runner) -> None:
        rows = [
            row for row in read_rows(self.file) if row['epoch'] <= runner.epoch
        ]
        self._process = 1 + max((row['process'] for row in rows), default=0)
        with replacing(self.file) as temporary:
            temporary.write_text(''.join(map(_line, rows)))

    def after_train_epoch(self, runner: Runner) -> None:
        row = dict(epoch=runner.epoch + 1, process=self._process)
        row |= usage(Path(runner.work_dir))
        with self.file.open('a') as file:
            file.write(_line(row))


def _line(row: dict) -> str:
    return json.dumps(row) + '\n'


def read_rows(file: Path) -> list[dict]:
    """Return the rows of a file, but for a last one that is cut off."""
    if not file.is_file():
        return []
    lines = file.read_text().split('\n')
    return [json.loads(line) for line in lines[:-1]]


def soak_config(data: Path, work_dir: Path, args: Namespace) -> Config:
    """Return the demo's recipe with a narrow network and a tree per epoch.

    Args:
        data: Folder of the digits.
        work_dir: Folder into which the run writes; a run in it goes on.
        args: Options of the benchmark.
    """
    cfg = demo_config('faithful', data, work_dir, args.seed, args.num_images)
    cfg.train_cfg.max_epochs = args.epochs
    cfg.param_scheduler[0].update(T_max=args.epochs, end=args.epochs)
    cfg.model.backbone.update(base_channels=8, stem_channels=8)
    cfg.model.neck.update(in_channels=64, hid_channels=64)
    cfg.default_hooks.checkpoint.interval = 1
    cfg.default_hooks.knn_probe.interval = 10
    cfg.default_hooks.kmeans.update(
        num_prototypes=(12, 6, 3), start_epoch=1, num_workers=args.num_workers
    )
    cfg.train_dataloader.num_workers = args.num_workers
    cfg.resume = latest_checkpoint(work_dir) is not None
    return cfg


def parse_args() -> Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add = parser.add_argument
    add(
        '--work-dir',
        default='work_dirs/soak',
        help='folder of the run, its images and its figures; a run that was '
        'stopped goes on (default: %(default)s)',
    )
    add('--epochs', type=int, default=500, help='(default: %(default)s)')
    add(
        '--num-images',
        type=int,
        default=128,
        help='training images, at least a batch of 64 (default: %(default)s)',
    )
    add(
        '--num-workers',
        type=int,
        default=1,
        help='processes that load images, new ones in every epoch (default: '
        '%(default)s)',
    )
    args = parse(parser, QUICK, at_least_one=('epochs',))
    if args.num_images < 64:
        parser.error('--num-images must be at least 64, the batch size')
    if not Path('/proc/self/status').exists():
        parser.error('the memory of a process is read from /proc, on Linux')
    return args


def main() -> None:
    args = parse_args()
    machine = describe('cuda' if torch.cuda.is_available() else 'cpu')
    folder = Path(args.work_dir).resolve()
    data, file = write_digits(folder / 'digits'), folder / 'usage.jsonl'
    with threads(1):
        train(soak_config(data, folder / 'run', args), file)
    rows = read_rows(file)
    found = slopes(rows)
    draw_soak(rows, found, folder / 'soak.png')
    results = dict(slopes=found, rows=rows)
    report(args, machine, results, slopes_table(found))
    print(f'drawn in {folder / "soak.png"}', file=sys.stderr)


def train(cfg: Config, file: Path) -> None:
    """Train as a config says and write what every epoch leaves in use."""
    runner = Runner.from_cfg(cfg)
    runner.register_hook(UsageHook(file), priority='LOWEST')
    runner.train()


if __name__ == '__main__':
    main()
