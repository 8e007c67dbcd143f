"""Report one run, or compare several, in one self-contained HTML page."""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, run_tool

EPILOG = """\
The page shows losses, kNN, the health of the tree, what moved, times,
results beside those of the papers, pictures, settings and environment. It is
one file that opens from disk, and names what a run has not logged.

Examples:
  python tools/report.py work_dirs/hirl-dino
  python tools/report.py work_dirs/moco work_dirs/hirl-moco --out both.html \\
      --results work_dirs/moco work_dirs/evaluation/moco \\
      --results work_dirs/hirl-moco work_dirs/evaluation/hirl-moco
"""


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'runs',
        nargs='+',
        type=Path,
        metavar='WORK_DIR',
        help='work folders of tools/train.py, at most six; a run may have '
        'been killed, resumed or moved',
    )
    add(
        '--out',
        type=Path,
        help='HTML file to write (default: report.html in the folder of a '
        'single run; needed for several)',
    )
    add('--title', help='title of the page (default: names of the folders)')
    add(
        '--recipe',
        type=Path,
        metavar='CONFIG',
        help='config to compare the settings of a single run with (default: '
        'the recipe of its name or method); several runs are compared with '
        'each other',
    )
    add(
        '--results',
        nargs='+',
        action='append',
        default=[],
        metavar=('WORK_DIR', 'FOLDER'),
        help='folders with results of a run: output folders of '
        'tools/evaluate.py and work folders of trained protocols; those '
        'inside WORK_DIR are found without this. Repeat for other runs',
    )
    args = parser.parse_args()
    if args.out is None:
        if len(args.runs) > 1:
            parser.error('several runs need --out')
        args.out = args.runs[0] / 'report.html'
    for run, *folders in args.results:
        if not folders:
            parser.error(f'--results {run} needs a folder with results')
    return args


def main(args: argparse.Namespace) -> None:
    results = {}
    for run, *folders in args.results:
        results.setdefault(run, []).extend(folders)
    from hirl_mm.studies.run_report import write_run_report

    write_run_report(
        args.runs,
        args.out,
        title=args.title,
        recipe=args.recipe,
        results=results,
    )
    megabytes = args.out.stat().st_size / 1e6
    print(f'written to {args.out} ({megabytes:.1f} MB)')


if __name__ == '__main__':
    run_tool(parse_args, main)
