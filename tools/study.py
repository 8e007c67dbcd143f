"""Train and measure the arms of the studies of a file, and compare them.

The file lists studies in the order of their importance: arms, seeds, data
sets and the pairs of arms to subtract. Every run is a process that trains a
network, measures its frozen features and writes one run.json with settings,
figures, commit, versions and seconds.
"""

import argparse
import shlex
import sys
from functools import partial
from pathlib import Path

from hirl_mm.options import ToolParser, add_study_options, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='To continue, run the same command again: finished runs are '
        'kept and stopped ones resumed. A run that fails is told and does '
        'not stop the others; the exit status is 1 then. Example: python '
        'tools/study.py configs/studies/small_images.py --work-dir '
        'work_dirs/evidence --hours 3',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('file', type=Path, help='Python config with data, arms and studies')
    add(
        '--only',
        nargs='+',
        metavar='NAME',
        help='names of the studies to make (default: all)',
    )
    add_study_options(parser)
    return parser.parse_args()


def main(args: argparse.Namespace) -> int:
    from hirl_mm.studies.grid import conduct_studies, read_study_file

    file = read_study_file(args.file)
    if args.only:
        file = file.only(args.only)
    progress = conduct_studies(
        file,
        args.work_dir,
        results=args.results,
        hours=args.hours,
        jobs=args.jobs,
        only_list=args.list,
        command=shlex.join(sys.argv),
        log=partial(print, flush=True),
    )
    return 1 if progress.failed else 0


if __name__ == '__main__':
    run_tool(parse_args, main)
