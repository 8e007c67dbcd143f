"""Compare how long the parts of a pre-training epoch take in several runs."""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, run_tool
from hirl_mm.studies.epoch_times import (
    first_to_compare,
    mean_epoch,
    paper_table,
    read_epochs,
    time_table,
    write_epoch_times,
)

EPILOG = """\
Train the runs with the hook that measures the times:
  python tools/train.py CONFIG --work-dir RUN --cfg-options \\
      default_hooks.epoch_time.type=hirl_mm.EpochTimeHook

Columns of the table, in seconds of the first process:
  data        waiting for batches
  steps       training steps, with the hooks around each step
  features    pass over the images before a clustering
  clustering  building the tree of prototypes
  checkpoint  hooks after the last step, mainly saving the checkpoint
  other       remaining time before the first step: kNN probe, saving the tree

Each value is a mean over the same epochs of all runs. The first of them is
the first epoch by which every run that builds trees has built one. Compare
only runs of the same machine, while nobody else used it.
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
        metavar='RUN',
        help='work folders of the runs; ratios are to the first run',
    )
    add(
        '--first-epoch',
        type=int,
        metavar='N',
        help='first epoch of the means, counted from 1 (default: the first '
        'epoch by which every run that builds trees has built one)',
    )
    add(
        '--out',
        type=Path,
        help='picture to write, such as times.png; the table (.md) and all '
        'values (.json) are written beside it',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    runs = {str(run): read_epochs(run) for run in args.runs}
    first = args.first_epoch
    if first is None:
        first = first_to_compare(runs)
    means = {
        name: mean_epoch(epochs, first, name) for name, epochs in runs.items()
    }
    if args.out:
        write_epoch_times(args.out, means, first)
    print(f'Mean seconds per epoch, from epoch {first} on:\n')
    print(time_table(means), end='')
    print("\nFor reference, the paper's Table 6 (ImageNet, V100 GPUs):\n")
    print(paper_table(), end='')


if __name__ == '__main__':
    run_tool(parse_args, main)
