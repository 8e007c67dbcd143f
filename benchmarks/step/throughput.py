"""Seconds per training step of every method, in all its arms.

The arms of a method run interleaved in one process: mmpretrain's own
implementation, this project's plain recipe, the recipe with HIRL before its
first tree (the cost of the tap) and the recipe with a tree. All arms of a
method have the same sizes, start from the same weights and train on the same
random batch; a step is forward, backward and the recipe's optimizer. For DINO
and iBOT, which mmpretrain does not have, the parts of a step are timed, too.
"""

import argparse
import sys

import torch

from benchmarks.common.machine import describe
from benchmarks.common.memory import HOW
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
from benchmarks.step.comparison import measure
from benchmarks.step.methods import METHODS
from benchmarks.step.tables import parts_table, ratios_table
from benchmarks.step.without_runner import set_up

QUICK = dict(
    rounds=1, steps=1, warmup=0, batch_size=2, num_prototypes=[12, 4, 2]
)


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    parser.set_defaults(rounds=11)
    add = parser.add_argument
    add(
        '--methods',
        nargs='+',
        choices=list(METHODS),
        default=list(METHODS),
        metavar='METHOD',
        help=f'methods to measure, of {", ".join(METHODS)} (default: all)',
    )
    add(
        '--steps',
        type=int,
        default=2,
        help='training steps of a turn (default: %(default)s)',
    )
    add(
        '--warmup',
        type=int,
        default=2,
        help='steps of every arm before the first round '
        '(default: %(default)s)',
    )
    add(
        '--full',
        action='store_true',
        help="the recipe's networks, views and batch instead of narrow ones; "
        'for an accelerator',
    )
    add('--batch-size', type=int, help='images per step of every method')
    add(
        '--num-prototypes',
        type=int,
        nargs='+',
        default=[3000, 1000, 100],
        metavar='K',
        help='prototypes per level of the tree (default: 3000 1000 100)',
    )
    args = parse(parser, QUICK, at_least_one=('rounds', 'steps'))
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    set_up(args.threads)
    machine = describe(args.device)
    results = {}
    for name in args.methods:
        print(f'{METHODS[name].title} ...', file=sys.stderr, flush=True)
        results[name] = measure(METHODS[name], args)
    found = dict(
        memory_from=HOW[torch.device(args.device).type], methods=results
    )
    report(args, machine, found, ratios_table(results), parts_table(results))


if __name__ == '__main__':
    main()
