"""Compare all results of one or several networks in a table and a picture.

If papers report results for a network, they stand beside those measured here.
"""

import argparse
from pathlib import Path

from hirl_mm.evaluation.paper_results import (
    CSML_TABLES,
    HCCL_TABLES,
    SSPRL_TABLES,
)
from hirl_mm.options import ToolParser, run_tool
from hirl_mm.studies.comparison import gather_results, write_comparison


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="Example: python tools/compare.py --arm 'MoCo v2' "
        "work_dirs/evaluation/plain work_dirs/linear/plain --arm 'HIRL-MoCo "
        "v2' work_dirs/evaluation/hirl work_dirs/linear/hirl --out "
        'work_dirs/comparison.md',
    )
    parser.add_argument(
        '--arm',
        nargs='+',
        action='append',
        required=True,
        metavar=('NAME', 'FOLDER'),
        help='name of a network and folders with its results: output folders '
        'of tools/evaluate.py and work folders of trained protocols '
        '(configs/evaluation); repeat for up to six networks',
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        help='Markdown file to write; all values (.json) and a picture '
        '(.png) are written beside it',
    )
    parser.add_argument(
        '--hccl-tables',
        type=int,
        nargs='*',
        choices=list(HCCL_TABLES),
        metavar='N',
        help="also show Tables N of HCCL's paper (1 to 10; all if no N is "
        'given), with what the networks have reached here below the rows of '
        'their recipes',
    )
    parser.add_argument(
        '--csml-tables',
        nargs='*',
        choices=list(CSML_TABLES),
        metavar='N',
        help="the same for Tables N of CsMl's paper (1 to 7, A.1 to A.3, and "
        '4.5 for the figures in its text)',
    )
    parser.add_argument(
        '--ssprl-tables',
        nargs='*',
        choices=list(SSPRL_TABLES),
        metavar='N',
        help="the same for Tables N of SS-PRL's supplement (S-A to S-D)",
    )
    args = parser.parse_args()
    args.tables = []
    for wanted, tables in (
        (args.hccl_tables, HCCL_TABLES),
        (args.csml_tables, CSML_TABLES),
        (args.ssprl_tables, SSPRL_TABLES),
    ):
        if wanted is not None:
            args.tables += [tables[number] for number in wanted or tables]
    for name, *folders in args.arm:
        if not folders:
            parser.error(f'--arm {name!r} needs a folder with results')
    return args


def main(args: argparse.Namespace) -> None:
    arms = [gather_results(name, folders) for name, *folders in args.arm]
    table = write_comparison(args.out, arms, args.tables)
    print(table, end='')
    print(f'written to {args.out}, with all values (.json) and a picture')


if __name__ == '__main__':
    run_tool(parse_args, main)
