"""Name the branches of a tree by a few labelled images, and label the others.

LABELS is a table (CSV) with a line file,label per image, of as few images as
you like. Every image votes for its class in all branches of its path: the
name of a branch is the class with most votes, and votes for several classes
are shown as a conflict.

All other images get the class of the largest share in the finest branch of
their path that has votes. Its confidence is that share, smoothed by those of
the branches above. Labels with at least --min-confidence are written to a
list, and a config that trains a classifier on it.
"""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, add_hierarchy_options, run_tool
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
Example:
  python tools/label_branches.py work_dirs/run labels.csv
writes in work_dirs/run/hierarchy/labels: branches.jsonl, pseudo_labels.jsonl,
train.txt and classifier.py. It ends with the command of the training.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_hierarchy_options(parser)
    add = parser.add_argument
    add('labels', type=Path, metavar='LABELS', help='table file,label (CSV)')
    add(
        '--min-confidence',
        type=float,
        default=0.5,
        help='smallest confidence of a label to train on (default: '
        '%(default)s)',
    )
    add(
        '--smoothing',
        type=float,
        default=1.0,
        help='weight of the branch above, in votes (default: %(default)s)',
    )
    add(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='folder to write (default: labels in RUN_FOLDER/hierarchy)',
    )
    args = parser.parse_args()
    if not 0 <= args.min_confidence <= 1:
        parser.error('--min-confidence must be between 0 and 1')
    return args


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.datasets.list_checks import folder_of
    from hirl_mm.datasets.shards.locations import has_shards
    from hirl_mm.studies.hierarchy_use import branch_labels, place_labels
    from hirl_mm.studies.hierarchy_use.classifier_config import (
        write_classifier_config,
    )
    from hirl_mm.studies.hierarchy_use.given_labels import read_labels
    from hirl_mm.studies.hierarchy_use.training_list import train_command
    from hirl_mm.studies.run_hierarchy import open_hierarchy

    given = read_labels(args.labels)
    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    reading = args.batch_size, args.num_workers
    images = hierarchy.training_images(*reading)
    placed = place_labels(hierarchy, images, given, args.labels, *reading)
    tree = branch_labels.LabelledTree(
        images, *placed[:4], smoothing=args.smoothing
    )
    out = args.out or hierarchy.folder / 'labels'
    folder = folder_of(hierarchy.cfg.train_dataloader.dataset)
    written = tree.write(out, args.min_confidence, placed[4], folder)
    print(tree.table())
    for name, num in written.items():
        print(f'{out / name}: {num}')
    config = out / 'classifier.py'
    write_classifier_config(
        config,
        hierarchy.cfg,
        hierarchy.checkpoint,
        out / branch_labels.LIST,
        given.class_names,
        written[branch_labels.LIST],
        # Other lists hold absolute paths, also of images elsewhere.
        folder if has_shards(folder) else '',
    )
    work_dir = args.run.with_name(f'{args.run.name}-classifier')
    print(f'train on them:\n  {train_command(config, work_dir, {})}')


if __name__ == '__main__':
    run_tool(parse_args, main)
