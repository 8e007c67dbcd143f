"""Options of the tools that make studies."""

import argparse
from pathlib import Path


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add where, how many at a time and for how long runs are made.

    These are ``--work-dir``, ``--results``, ``--hours``, ``--jobs`` and
    ``--list``.

    Args:
        parser: Parser of the command line of a tool.
    """
    add = parser.add_argument
    add(
        '--work-dir',
        type=Path,
        required=True,
        help='folder for the runs and the report: study.md, study.json, '
        'study.png, and differences.png or the pictures that the file names',
    )
    add(
        '--results',
        type=Path,
        metavar='FOLDER',
        help='folder for the results of finished runs and for the report, '
        'which machines can share and a repository can hold: runs whose '
        'results are there are not made again',
    )
    add(
        '--hours',
        type=float,
        help='time for all runs: none starts that is not expected to end in '
        'time, and running ones are stopped then (default: no limit)',
    )
    add(
        '--jobs',
        type=int,
        help='number of runs side by side; on one GPU they share it (default: '
        'one per GPU, without a GPU one per CPU core)',
    )
    add(
        '--list',
        action='store_true',
        help='show the runs, which are finished and how long the others are '
        'expected to take, and make none',
    )
