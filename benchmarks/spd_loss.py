"""Time and memory of the SPD loss against the released formulation.

At every row of sizes, in one process and interleaved: the released
formulation, the form that the loss chooses, each form that it chooses from,
and both ways to draw negatives. A row is printed once it is measured. On a
CPU, freeing large tensors gives their pages back to the system, and the
formulation that allocates most pays most for getting new ones; to leave this
out, set MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000.
"""

import argparse
import json
import os

# Not a word from the profiler of a machine without a GPU.
os.environ.setdefault('KINETO_LOG_LEVEL', '99')

import torch
from machine import describe
from memory import HOW
from spd_rows import SETS, measure
from spd_table import spd_table
from timing import CLOCKS

from hirl_mm.files import replacing

# How the C library gives memory back; part of what was measured.
_MALLOC = ('MALLOC_MMAP_MAX_', 'MALLOC_TRIM_THRESHOLD_')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--rows',
        choices=list(SETS),
        default='grid',
        help='sizes: of the recipes, around the border between the forms, or '
        'tiny ones that only show that it runs (default: %(default)s)',
    )
    add(
        '--rounds',
        type=int,
        default=3,
        help='in each every form has two turns (default: %(default)s)',
    )
    add(
        '--device',
        default='cpu',
        help='such as cuda (default: %(default)s)',
    )
    add(
        '--threads',
        type=int,
        default=1,
        help='of PyTorch on the CPU (default: %(default)s)',
    )
    add(
        '--clock',
        choices=list(CLOCKS),
        default='wall',
        help='process: CPU time of the process, for a CPU that others use '
        'too (default: %(default)s)',
    )
    add('--seed', type=int, default=0)
    add('--out', help='JSON file for the result')
    args = parser.parse_args()
    for name in ('rounds', 'threads'):
        if getattr(args, name) < 1:
            parser.error(f'--{name} must be at least 1')
    if args.device != 'cpu' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch finds no accelerator')
    if args.device != 'cpu' and args.clock == 'process':
        parser.error('--clock process measures a CPU alone')
    return args


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    # Before the work, during which someone may commit.
    machine = describe(args.device)
    results = []
    for row in SETS[args.rows]:
        results.append(measure(row, args))
        print(spd_table(results[-1:]), flush=True)
    report = dict(
        machine=machine,
        malloc={name: os.environ.get(name) for name in _MALLOC},
        options=vars(args),
        memory_from=HOW[torch.device(args.device).type],
        rows=results,
    )
    print(spd_table(results))
    if args.out:
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(report, indent=2) + '\n')
        print(f'written to {args.out}')


if __name__ == '__main__':
    main()
