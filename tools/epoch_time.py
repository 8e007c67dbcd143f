"""Compare what an epoch of pre-training takes, part by part, between runs."""

import argparse
import sys
from pathlib import Path

from hirl_mm.studies.epoch_times import (
    first_to_compare,
    mean_epoch,
    paper_table,
    read_epochs,
    time_table,
    write_epoch_times,
)

EPILOG = """\
The runs have to be trained with the hook that takes the times:
  python tools/train.py CONFIG --work-dir RUN --cfg-options \\
      default_hooks.epoch_time.type=hirl_mm.EpochTimeHook

Seconds of the first process:
  data        waiting for batches
  steps       training steps, with what hooks do around each
  features    pass over the images before a clustering
  clustering  the tree of prototypes
  checkpoint  what hooks do after the last step, above all save
  other       the rest before the first step: kNN probe, file of the tree

Each is the mean over the same epochs of all runs: from the first on before
which every run that builds trees has one. Runs of different machines, or of
machines that others use meanwhile, do not compare.
"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
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
        help='work folders; ratios are to the first',
    )
    add(
        '--first-epoch',
        type=int,
        metavar='N',
        help='count epochs from N on, the first is 1',
    )
    add(
        '--out',
        type=Path,
        help='picture to write, such as times.png; beside it the table (.md) '
        'and all values (.json)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    try:
        runs = {str(run): read_epochs(run) for run in args.runs}
        first = args.first_epoch
        if first is None:
            first = first_to_compare(runs)
        means = {
            name: mean_epoch(epochs, first, name)
            for name, epochs in runs.items()
        }
        if args.out:
            write_epoch_times(args.out, means, first)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    print(f'Seconds of a mean epoch, from epoch {first} on:\n')
    print(time_table(means), end='')
    print("\nFor reference, the paper's Table 6 (ImageNet, V100 GPUs):\n")
    print(paper_table(), end='')


if __name__ == '__main__':
    main()
