"""Options and output that the benchmarks of clustering share."""

import argparse
import json
import sys
from collections.abc import Sequence

import torch
from timing import CLOCKS

from hirl_mm.files import replacing


def new_parser(description: str) -> argparse.ArgumentParser:
    """With the options of every benchmark; its own follow."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--seed', type=int, default=0)
    add(
        '--quick',
        action='store_true',
        help='tiny sizes, to see that it runs; other options still count',
    )
    add('--out', help='JSON file for the result')
    return parser


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """For what is timed."""
    parser.add_argument(
        '--rounds',
        type=int,
        default=3,
        help='in each every arm has its turns (default: %(default)s)',
    )


def add_clock(parser: argparse.ArgumentParser) -> None:
    """For what is timed in one process."""
    parser.add_argument(
        '--clock',
        choices=list(CLOCKS),
        default='wall',
        help='process: CPU time of the process, for a CPU that others use '
        'too (default: %(default)s)',
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """For what can be timed on an accelerator too."""
    add = parser.add_argument
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


def check_device(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """End with an error if the options of :func:`add_device` do not serve."""
    if args.threads < 1:
        parser.error('--threads must be at least 1')
    if args.device != 'cpu' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch finds no accelerator')
    if args.device != 'cpu' and args.clock == 'process':
        parser.error('--clock process measures a CPU alone')


def parse(
    parser: argparse.ArgumentParser,
    quick: dict,
    argv: Sequence[str] | None = None,
) -> argparse.Namespace:
    """The options; with ``--quick`` those of ``quick`` are the defaults."""
    if parser.parse_known_args(argv)[0].quick:
        parser.set_defaults(**quick)
    args = parser.parse_args(argv)
    if getattr(args, 'rounds', 1) < 1:
        parser.error('--rounds must be at least 1')
    return args


def report(
    args: argparse.Namespace, machine: dict, results: dict, *tables: str
) -> None:
    """Print the tables and write the JSON, if one was asked for."""
    print('\n'.join(tables))
    if args.out:
        content = dict(machine=machine, options=vars(args)) | results
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + '\n')
        print(f'written to {args.out}', file=sys.stderr)
