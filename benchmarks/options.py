"""Options and output that the benchmarks of clustering share."""

import argparse
import json
import sys
from collections.abc import Sequence

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
