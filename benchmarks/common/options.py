"""Command-line options and output that the benchmarks share."""

import argparse
import json
import sys
from collections.abc import Sequence

import torch

from benchmarks.common.timing import CLOCKS
from hirl_mm.files import replacing


def new_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with ``--quick`` and ``--out``, for more options."""
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--quick',
        action='store_true',
        help='tiny sizes, to check that it runs; other options still count',
    )
    add('--out', help='JSON file for the result')
    return parser


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add ``--seed``, for benchmarks that draw random numbers."""
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of all random numbers (default: %(default)s)',
    )


def add_rounds(parser: argparse.ArgumentParser) -> None:
    """Add ``--rounds``, for benchmarks that measure time."""
    parser.add_argument(
        '--rounds',
        type=int,
        default=3,
        help='number of rounds; every arm has its turns in each (default: '
        '%(default)s)',
    )


def add_clock(parser: argparse.ArgumentParser) -> None:
    """Add ``--clock``, for benchmarks that measure time in one process."""
    parser.add_argument(
        '--clock',
        choices=list(CLOCKS),
        default='wall',
        help='process: CPU time of the process, for a CPU that others use '
        'too (default: %(default)s)',
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add ``--device`` and ``--threads``, for CPUs and accelerators."""
    add = parser.add_argument
    add(
        '--device',
        default='cpu',
        help='device, such as cuda (default: %(default)s)',
    )
    add(
        '--threads',
        type=int,
        default=1,
        help='number of threads of PyTorch on the CPU (default: %(default)s)',
    )


def check_device(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """Exit with an error if the options of :func:`add_device` do not fit."""
    if args.threads < 1:
        parser.error('--threads must be at least 1')
    if args.device != 'cpu' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch finds no accelerator')
    if args.device != 'cpu' and vars(args).get('clock') == 'process':
        parser.error('--clock process measures a CPU alone')


def parse(
    parser: argparse.ArgumentParser,
    quick: dict,
    argv: Sequence[str] | None = None,
    at_least_one: Sequence[str] = ('rounds',),
) -> argparse.Namespace:
    """Parse the command line.

    Args:
        parser: Parser of :func:`new_parser` with the benchmark's options.
        quick: Default values that ``--quick`` replaces.
        argv: Arguments; None for those of the process.
        at_least_one: Names of options that must be at least 1 if given.

    Returns:
        The options. The process exits with an error if they do not fit.
    """
    if parser.parse_known_args(argv)[0].quick:
        parser.set_defaults(**quick)
    args = parser.parse_args(argv)
    for name in at_least_one:
        value = getattr(args, name, None)
        if value is not None and value < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    return args


def report(
    args: argparse.Namespace, machine: dict, results: dict, *tables: str
) -> None:
    """Print the tables and, with ``--out``, write the JSON file.

    Args:
        args: Options of the run, which go into the JSON under ``options``.
        machine: Result of :func:`~benchmarks.common.machine.describe`.
        results: Other entries of the JSON.
        *tables: Tables in Markdown.
    """
    print('\n'.join(tables))
    if args.out:
        content = dict(machine=machine, options=vars(args)) | results
        with replacing(args.out) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + '\n')
        print(f'written to {args.out}', file=sys.stderr)
