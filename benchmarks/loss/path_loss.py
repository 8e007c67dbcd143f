"""Time and memory of the SPD loss against the released formulation.

At every row of sizes, in one process and interleaved: the released
formulation, the form that the loss chooses, each form that it chooses from,
and both ways to draw negatives. A row is printed once it is measured. On a
CPU, freeing large tensors gives their pages back to the system, and the
formulation that allocates most pays most for getting new ones; to leave this
out, set MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000.
"""

import argparse
import os
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
from benchmarks.loss.forms import SETS, measure
from benchmarks.loss.table import path_loss_table

QUICK = dict(rows='small', rounds=1)
# Settings of the C library that change the times of the released formulation.
_MALLOC = ('MALLOC_MMAP_MAX_', 'MALLOC_TRIM_THRESHOLD_')


def parse_args() -> argparse.Namespace:
    parser = new_parser(__doc__)
    add_seed(parser)
    add_rounds(parser)
    add_clock(parser)
    add_device(parser)
    parser.add_argument(
        '--rows',
        choices=list(SETS),
        default='grid',
        help='sizes: of the recipes, around the border between the forms, or '
        'tiny ones that only show that it runs (default: %(default)s)',
    )
    args = parse(parser, QUICK)
    check_device(parser, args)
    return args


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    machine = describe(args.device)
    rows = []
    for row in SETS[args.rows]:
        rows.append(measure(row, args))
        print(path_loss_table(rows[-1:]), file=sys.stderr, flush=True)
    results = dict(
        malloc={name: os.environ.get(name) for name in _MALLOC},
        memory_from=HOW[torch.device(args.device).type],
        rows=rows,
    )
    report(args, machine, results, path_loss_table(rows))


if __name__ == '__main__':
    main()
