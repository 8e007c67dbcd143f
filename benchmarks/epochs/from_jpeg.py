"""Images per second of a training that reads JPEG files.

HIRL-MoCo v2 with a tree, step after step from real files and with real
workers, with its views made in four ways: by the workers (cpu), on the device
(device), by torchvision's own transforms in the workers (torchvision), and by
kornia on the device, from images that workers shrink to 256 pixels (kornia,
if it is installed). Arms run one after the other with the same model, and
take turns; each turn starts its workers anew and leaves out the first steps.
Files are drawn at random with the spectrum of photographs, or taken from
--images.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import DataLoader, RandomSampler

from benchmarks.common.machine import describe
from benchmarks.common.options import (
    add_device,
    add_rounds,
    add_seed,
    check_device,
    new_parser,
    parse,
    report,
)
from benchmarks.common.timing import synchronize
from benchmarks.epochs.jpeg_files import draw_photographs
from benchmarks.epochs.view_arms import ARMS, dataset_of
from benchmarks.step.arm import Arm
from benchmarks.step.methods import METHODS
from benchmarks.step.synthetic import random_tree
from benchmarks.step.without_runner import set_up
from hirl_mm.engine.runtime.prefetched_loader import PrefetchedLoader
from hirl_mm.files import replacing

QUICK = dict(
    rounds=1, batch_size=8, num_files=16, seconds=0.3, warmup=1, num_workers=1
)


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_device(parser)
    add = parser.add_argument
    add('--images', help='folder of images (default: drawn ones)')
    add('--num-files', type=int, default=1024, help='files to draw')
    add('--arms', nargs='+', choices=ARMS, default=list(ARMS), metavar='ARM')
    add('--batch-size', type=int, default=256, help='images per step')
    add('--num-workers', type=int, default=16, help='workers of a loader')
    add('--seconds', type=float, default=12.0, help='length of a turn')
    add('--warmup', type=int, default=6, help='steps before it is timed')
    add('--full', action='store_true', help="the recipe's network, with AMP")
    args = parse(
        parser, QUICK, at_least_one=('rounds', 'batch_size', 'num_workers')
    )
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    set_up(args.threads)
    torch.manual_seed(args.seed)
    machine = describe(args.device)
    found = {name: [] for name in args.arms}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(args.images or folder)
        if not args.images:
            draw_photographs(root, args.num_files)
        for turn in range(args.rounds):
            order = args.arms[
                turn % 2 and slice(None, None, -1) or slice(None)
            ]
            for name in order:
                value = measure(name, root, args)
                if value is None:
                    found.pop(name, None)
                    continue
                found[name].append(value)
                print(f'{name}: {json.dumps(value)}', file=sys.stderr)
                keep(args, machine, found)
    report(args, machine, dict(arms=found), table(found))


def keep(args: argparse.Namespace, machine: dict, found: dict) -> None:
    """Write what is there so far: a run may be cut off anywhere."""
    if args.out:
        content = dict(machine=machine, options=vars(args), arms=found)
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + '\n')


def measure(name: str, root: Path, args: argparse.Namespace) -> dict | None:
    """Train for some seconds; return images per second and waiting share."""
    method = METHODS['mocov2']
    cfg = method.hirl(args.full)
    if args.full:
        cfg.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
    dataset = dataset_of(name, root, cfg)
    if dataset is None:
        return None
    arm = Arm(cfg, {}, args.device)
    arm.model.set_tree(random_tree([3000, 1000, 100], 128).to(args.device))
    loader = DataLoader(
        dataset.samples,
        batch_size=args.batch_size,
        sampler=RandomSampler(
            dataset.samples, replacement=True, num_samples=10**8
        ),
        num_workers=args.num_workers,
        collate_fn=dataset.collate,
        pin_memory=args.device != 'cpu',
    )
    if args.device != 'cpu' and dataset.prepare(arm.model) is not None:
        loader = PrefetchedLoader(
            loader, dataset.prepare(arm.model), torch.device(args.device)
        )
    elif dataset.prepare(arm.model) is not None:
        loader = map(dataset.prepare(arm.model), loader)
    return timed(iter(loader), arm, args)


def timed(batches: Iterator, arm: Arm, args: argparse.Namespace) -> dict:
    """Return images per second and the share of time without a batch."""
    steps, waited, begin = -args.warmup, 0.0, 0.0
    while True:
        if steps == 0:
            synchronize(args.device)
            begin, waited = time.perf_counter(), 0.0
        start = time.perf_counter()
        arm.batch = next(batches)
        waited += time.perf_counter() - start
        arm.step()
        # MMEngine's Runner reads the loss of every step, too.
        synchronize(args.device)
        steps += 1
        passed = time.perf_counter() - begin
        if steps > 0 and passed >= args.seconds:
            break
    if hasattr(batches, 'close'):
        batches.close()
    return dict(
        images_per_second=args.batch_size * steps / passed,
        waiting_share=waited / passed,
        steps=steps,
    )


def table(found: dict) -> str:
    """Return the medians over the rounds in Markdown."""
    lines = ['| views | images/s | waiting |', '|---|---:|---:|']
    for name, turns in found.items():
        rate, waiting = (
            statistics.median(turn[key] for turn in turns)
            for key in ('images_per_second', 'waiting_share')
        )
        lines.append(f'| {name} | {rate:.0f} | {waiting:.0%} |')
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
