"""Time and memory of a step of HCCL beside the methods that it extends.

SimSiam, HCCL, BYOL and HCCL with a momentum encoder run interleaved in one
process, with one backbone, one batch of random views and plain SGD; SimSiam
and BYOL are MMPreTrain's. A step is forward, backward, optimizer and the
update of the target network.
"""

import argparse
import sys

import torch
from mmengine.config import Config
from mmengine.hub import get_config
from mmengine.runner import set_random_seed

from benchmarks.common.machine import describe
from benchmarks.common.memory import HOW, peak_bytes
from benchmarks.common.options import (
    add_clock,
    add_device,
    add_rounds,
    add_seed,
    check_device,
    new_parser,
    parse,
    report,
)
from benchmarks.common.tables import (
    aligned_table,
    median_ms,
    megabytes,
    with_quartiles,
)
from benchmarks.common.timing import (
    CLOCKS,
    interleaved_seconds,
    quartiles,
    ratio,
)
from benchmarks.step.arm import Arm
from benchmarks.step.method import CONFIGS
from benchmarks.step.synthetic import random_sample
from benchmarks.step.without_runner import set_up

_HCCL = 'hccl/hccl{}_resnet50_8xb64-amp-coslr-100e_in1k.py'
_SIMSIAM = 'simsiam/simsiam_resnet50_8xb32-coslr-200e_in1k.py'
_BYOL = 'byol/byol_resnet50_16xb256-coslr-200e_in1k.py'
# Every arm of HCCL with what it is compared with, and the aims.
PAIRS = {'HCCL': 'SimSiam', 'HCCL, momentum': 'BYOL'}
AIMS = {'HCCL': '1.06 and 1.02', 'HCCL, momentum': '1.04'}
_WIDTH = 256
QUICK = dict(rounds=1, steps=1, warmup=0, batch_size=2)


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    parser.set_defaults(rounds=11)
    add = parser.add_argument
    shown = '(default: %(default)s)'
    add('--steps', type=int, default=2, help=f'steps of a turn {shown}')
    add('--warmup', type=int, default=2, help=f'steps before it {shown}')
    add('--batch-size', type=int, default=32, help=f'images per step {shown}')
    add(
        '--full',
        action='store_true',
        help="the recipes' ResNet-50 and views of 224 pixels instead of a "
        'narrow ResNet-18 and 64; on an accelerator with mixed precision',
    )
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    set_up(args.threads)
    machine = describe(args.device)
    found = measure(args)
    memory_from = HOW[torch.device(args.device).type]
    report(args, machine, dict(found, memory_from=memory_from), table(found))


def configs(full: bool) -> dict[str, Config]:
    """Return the config of every arm by its name, narrowed unless ``full``."""
    found = {
        'SimSiam': get_config(f'mmpretrain::{_SIMSIAM}'),
        'HCCL': Config.fromfile(CONFIGS / _HCCL.format('')),
        'BYOL': get_config(f'mmpretrain::{_BYOL}'),
        'HCCL, momentum': Config.fromfile(CONFIGS / _HCCL.format('-momentum')),
    }
    optim_wrapper = found['HCCL'].optim_wrapper
    for name, cfg in found.items():
        if name not in PAIRS:
            cfg.optim_wrapper = dict(
                type=optim_wrapper.type,
                loss_scale=optim_wrapper.loss_scale,
                optimizer=optim_wrapper.optimizer,
            )
        if not full:
            _narrow(cfg.model)
    return found


def _narrow(model: dict) -> None:
    """Make a model small, with the ratios of the recipe's widths."""
    model.backbone.update(depth=18, base_channels=32, stem_channels=32)
    for part in (model.neck, model.head, model.head.get('predictor', {})):
        for name in ('in_channels', 'hid_channels', 'out_channels'):
            if name in part:
                part[name] = part[name] * _WIDTH // 2048


def measure(args: argparse.Namespace) -> dict:
    """Return time and memory of all arms, and the ratios of the pairs."""
    set_random_seed(args.seed)
    side = 224 if args.full else 64
    views = [
        torch.randint(
            256,
            (args.batch_size, 3, side, side),
            dtype=torch.uint8,
            device=args.device,
        )
        for _ in range(2)
    ]
    samples = [random_sample([]) for _ in range(args.batch_size)]
    batch = dict(inputs=views, data_samples=samples)
    arms = {}
    for name, cfg in configs(args.full).items():
        print(f'building {name} ...', file=sys.stderr, flush=True)
        arms[name] = Arm(cfg, batch, args.device)
    seconds = interleaved_seconds(
        {name: arm.step for name, arm in arms.items()},
        args.rounds,
        args.steps,
        args.warmup,
        args.device,
        CLOCKS[args.clock],
    )
    memory = {
        name: arm.resident_bytes() + peak_bytes(arm.step, args.device)
        for name, arm in arms.items()
    }
    return dict(
        side=side,
        batch_size=args.batch_size,
        arms={
            name: dict(
                seconds_per_step=quartiles(values),
                memory_bytes=memory[name],
                rounds=values,
            )
            for name, values in seconds.items()
        },
        pairs={
            ours: dict(
                peer=theirs,
                time=ratio(seconds[ours], seconds[theirs]),
                memory=memory[ours] / memory[theirs],
            )
            for ours, theirs in PAIRS.items()
        },
    )


def table(found: dict) -> str:
    """Return the arms, each with its ratios, in Markdown."""
    head = ('method', 'ms/step', 'MB', 'time', 'memory', 'aim')
    rows = []
    for name, arm in found['arms'].items():
        ratios = ('', '', '')
        if name in PAIRS:
            pair = found['pairs'][name]
            peer = pair['peer']
            ratios = (
                f'{with_quartiles(pair["time"])} of {peer}',
                f'{pair["memory"]:.3f} of {peer}',
                AIMS[name],
            )
        rows.append(
            (
                name,
                median_ms(arm['seconds_per_step']),
                megabytes(arm['memory_bytes'], digits=0),
                *ratios,
            )
        )
    return aligned_table(head, rows, left=1)


if __name__ == '__main__':
    main()
