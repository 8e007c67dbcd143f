"""Time and memory of training steps beside those of a peer."""

import argparse
import sys
from collections.abc import Mapping, Sequence

import torch
from mmengine.config import Config
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common.memory import HOW, peak_bytes
from benchmarks.common.options import (
    add_clock,
    add_device,
    add_rounds,
    add_seed,
    new_parser,
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
from benchmarks.step.synthetic import random_sample

# Options of a run that only shows that all steps run.
QUICK = dict(rounds=1, steps=1, warmup=0, batch_size=2)


def peers_parser(doc: str, batch: str) -> argparse.ArgumentParser:
    """Return a parser with the options of a comparison of steps.

    Args:
        doc: Text of the benchmark.
        batch: What ``--batch-size`` counts.
    """
    parser = new_parser(doc)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    parser.set_defaults(rounds=11)
    add = parser.add_argument
    shown = '(default: %(default)s)'
    add('--steps', type=int, default=2, help=f'steps of a turn {shown}')
    add('--warmup', type=int, default=2, help=f'steps before it {shown}')
    add('--batch-size', type=int, default=32, help=f'{batch} {shown}')
    add(
        '--full',
        action='store_true',
        help="the recipes' ResNet-50 and views of 224 pixels instead of a "
        'narrow ResNet-18 and 64; on an accelerator with mixed precision',
    )
    return parser


def random_views(num_images: int, sides: Sequence[int], device: str) -> dict:
    """Return a batch of views of random pixels.

    Args:
        num_images: Number of images.
        sides: Height and width of every view.
        device: Device of the pixels.
    """
    views = [
        torch.randint(
            256,
            (num_images, 3, side, side),
            dtype=torch.uint8,
            device=device,
        )
        for side in sides
    ]
    samples = [random_sample([]) for _ in range(num_images)]
    return dict(inputs=views, data_samples=samples)


def measure_peers(
    args: argparse.Namespace,
    configs: Mapping[str, Config],
    pairs: Mapping[str, str],
    num_images: int,
) -> dict:
    """Return time and memory of arms that train on two views of images.

    Args:
        args: Options of :func:`peers_parser`.
        configs: Config by name of the arm.
        pairs: Name of the peer by name of the arm.
        num_images: Images of a step, the same for all arms.

    Returns:
        See :func:`measure_arms`.
    """
    side = 224 if args.full else 64
    batch = random_views(num_images, (side, side), args.device)
    arms = build_arms(args, {n: (cfg, batch) for n, cfg in configs.items()})
    return dict(side=side) | measure_arms(args, arms, pairs)


def build_arms(
    args: argparse.Namespace, parts: Mapping[str, tuple[Config, dict]]
) -> dict[str, Arm]:
    """Return the arms by name from the config and the batch of each."""
    arms = {}
    for name, (cfg, batch) in parts.items():
        print(f'building {name} ...', file=sys.stderr, flush=True)
        arms[name] = Arm(cfg, batch, args.device)
    return arms


def measure_arms(
    args: argparse.Namespace,
    arms: Mapping[str, Arm],
    pairs: Mapping[str, str],
) -> dict:
    """Return time and memory of all arms, and their ratios to their peers.

    Args:
        args: Options of :func:`peers_parser`.
        arms: Arm by name.
        pairs: Name of the peer by name of the arm.
    """
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
    flops = {name: _flops(arm) for name, arm in arms.items()}
    return dict(
        batch_size=args.batch_size,
        memory_from=HOW[torch.device(args.device).type],
        arms={
            name: dict(
                seconds_per_step=quartiles(values),
                memory_bytes=memory[name],
                flops=flops[name],
                rounds=values,
            )
            for name, values in seconds.items()
        },
        pairs={
            ours: dict(
                peer=theirs,
                time=ratio(seconds[ours], seconds[theirs]),
                memory=memory[ours] / memory[theirs],
                flops=flops[ours] / flops[theirs],
            )
            for ours, theirs in pairs.items()
        },
    )


def _flops(arm: Arm) -> int:
    """Return the operations of the convolutions and products of a step."""
    with FlopCounterMode(display=False) as counter:
        arm.step()
    return counter.get_total_flops()


def peers_table(found: dict, aims: Mapping[str, str]) -> str:
    """Return the arms, each with its ratios, in Markdown.

    Args:
        found: Result of :func:`measure_peers`.
        aims: Aim by name of the arm.
    """
    head = ('method', 'ms/step', 'MB', 'time', 'memory', 'flops', 'aim')
    rows = []
    for name, arm in found['arms'].items():
        ratios = ('', '', '', '')
        if name in found['pairs']:
            pair = found['pairs'][name]
            peer = pair['peer']
            ratios = (
                f'{with_quartiles(pair["time"])} of {peer}',
                f'{pair["memory"]:.3f} of {peer}',
                f'{pair["flops"]:.3f} of {peer}',
                aims[name],
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
