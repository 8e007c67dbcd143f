"""What makes a training step faster, each by itself and all together.

Variants of a method's plain recipe: tensors in channels-last order, a fused
optimizer, a compiled backbone, TF32 products, and all of them. All start from
the same weights and train on the same random batch; the table has the time of
a step beside that of the recipe as it is, and how far the first loss is from
the recipe's. The last rows compare the whole step with the rate of a matrix
product in the same precision.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import contextmanager

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.common.machine import describe
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
from benchmarks.common.timing import CLOCKS, interleaved_seconds, ratio
from benchmarks.step.arm import Arm
from benchmarks.step.methods import METHODS
from benchmarks.step.synthetic import random_batch
from benchmarks.step.without_runner import set_up
from hirl_mm.engine.runtime.device_rate import product_rate, training_dtype

QUICK = dict(rounds=1, steps=1, warmup=1, batch_sizes=[2])
VARIANTS = 'channels-last', 'fused', 'compiled', 'tf32'


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    add = parser.add_argument
    names = dict(nargs='+', metavar='NAME')
    add('--methods', choices=list(METHODS), default=['dino'], **names)
    add(
        '--variants',
        choices=VARIANTS,
        default=list(VARIANTS),
        help=f'of {", ".join(VARIANTS)} (default: all)',
        **names,
    )
    add('--batch-sizes', type=int, nargs='+', default=[32, 128], metavar='B')
    add('--steps', type=int, default=4, help='steps of a turn')
    add('--warmup', type=int, default=4, help='steps before the first turn')
    add('--full', action='store_true', help="the recipe's own sizes")
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    set_up(args.threads)
    machine = describe(args.device)
    rows = []
    for name in args.methods:
        for size in args.batch_sizes:
            print(f'{name}, {size} images ...', file=sys.stderr, flush=True)
            rows += measure(name, size, args)
    report(args, machine, dict(rows=rows), table(rows))


def measure(name: str, size: int, args: argparse.Namespace) -> list[dict]:
    """Return a row per variant of a method at one batch size."""
    torch.manual_seed(args.seed)
    method = METHODS[name]
    cfg = method.plain(args.full)
    batch = random_batch(method, cfg, args.full, size, args.device)
    plain = Arm(method.plain(args.full), batch, args.device)
    chosen = {'as it is': []}
    chosen |= {variant: [variant] for variant in args.variants}
    chosen['all'] = list(args.variants)
    steps = {}
    for label, variants in chosen.items():
        cfg = method.plain(args.full)
        if 'fused' in variants:
            cfg.optim_wrapper.optimizer.fused = True
        arm = Arm(cfg, batch, args.device)
        arm.copy_weights(plain)
        steps[label] = step_of(arm, variants)
    losses = {}
    for label, step in steps.items():
        torch.manual_seed(args.seed)
        losses[label] = float(step()['loss'])
    with FlopCounterMode(display=False) as counter:
        plain.step()
    seconds = interleaved_seconds(
        steps,
        args.rounds,
        args.steps,
        args.warmup,
        args.device,
        CLOCKS[args.clock],
    )
    rate = product_rate(
        torch.device(args.device), training_dtype(plain.optim_wrapper)
    )
    return [
        dict(
            method=method.title,
            images=size,
            variant=label,
            ms=1e3 * min(spent),
            images_per_second=size / min(spent),
            share_of_products=counter.get_total_flops() / min(spent) / rate,
            ratio=ratio(spent, seconds['as it is'])['median'],
            first_loss=losses[label],
            loss_difference=losses[label] - losses['as it is'],
        )
        for label, spent in seconds.items()
    ]


def step_of(arm: Arm, variants: list[str]) -> Callable[[], dict]:
    """Change an arm and return the function that makes a step."""
    if 'channels-last' in variants:
        arm.model.to(memory_format=torch.channels_last)
        forward = arm.model.data_preprocessor.forward

        def in_order(data: dict, training: bool = False) -> dict:
            data = forward(data, training)
            data['inputs'] = [
                view.contiguous(memory_format=torch.channels_last)
                for view in data['inputs']
            ]
            return data

        arm.model.data_preprocessor.forward = in_order
    if 'compiled' in variants:
        arm.model.backbone.compile()
    tf32 = 'tf32' in variants

    def step() -> dict:
        with products_in_tf32(tf32):
            return arm.step()

    return step


@contextmanager
def products_in_tf32(allowed: bool):
    """Compute float32 products in tf32 for a block, if allowed."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('high' if allowed else before)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def table(rows: list[dict]) -> str:
    """Return the rows in Markdown."""
    lines = [
        '| method | images | variant | ms/step | images/s | of products '
        '| time of the recipe | first loss differs by |',
        '|---|---:|---|---:|---:|---:|---:|---:|',
    ]
    for row in rows:
        lines.append(
            f'| {row["method"]} | {row["images"]} | {row["variant"]} '
            f'| {row["ms"]:.1f} | {row["images_per_second"]:.0f} '
            f'| {row["share_of_products"]:.0%} | {row["ratio"]:.3f} '
            f'| {row["loss_difference"]:.1e} |'
        )
    return '\n'.join(lines)


if __name__ == '__main__':
    main()
