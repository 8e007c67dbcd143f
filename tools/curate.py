"""Draw a balanced subset of the training images of a run, by its tree.

The number of images is split from the top of the tree down: every branch gets
an equal share of that of its parent, or all of its images if it has fewer.
Rare branches are thereby kept, and large ones thinned.

--near-duplicates finds all groups of images that are connected by pairs of at
least this cosine, also across leaves; only the first of a group is drawn.
--outliers lists the images that are least similar to the others of their
branch; they are not drawn. The share of every branch is shown before and
after.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

from hirl_mm.options import ToolParser, add_hierarchy_options, run_tool
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog="""\
Example:
  python tools/curate.py work_dirs/run --num 10000 --near-duplicates 0.98
writes in work_dirs/run/hierarchy/curated: subset.txt, a list that a training
reads; branches.jsonl; outliers.jsonl; near_duplicates.jsonl. It ends with the
command of the training.""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_hierarchy_options(parser)
    add = parser.add_argument
    add('--num', type=int, help='number of images to draw')
    add(
        '--how',
        choices=('random', 'closest', 'furthest'),
        default='random',
        help='which images of a leaf: random ones, or those closest to its '
        'prototype or furthest from it (default: %(default)s)',
    )
    add('--outliers', type=int, default=0, metavar='NUM', help='outliers')
    add(
        '--near-duplicates',
        type=float,
        metavar='COSINE',
        help='smallest cosine of near duplicates, such as 0.98',
    )
    add('--seed', type=int, default=0, help='seed of the draw (default: 0)')
    add(
        '--out',
        type=Path,
        metavar='FOLDER',
        help='folder to write (default: curated in RUN_FOLDER/hierarchy)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.datasets.list_checks import folder_of
    from hirl_mm.progress import shown_progress
    from hirl_mm.studies.hierarchy_use import curation, training_list
    from hirl_mm.studies.hierarchy_use.curated_files import (
        LIST,
        branch_tables,
        write_curated,
    )
    from hirl_mm.studies.run_folder import RunFolder
    from hirl_mm.studies.run_hierarchy import open_hierarchy

    plan = curation.CurationPlan(
        args.num, args.how, args.outliers, args.near_duplicates, args.seed
    )
    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    images = hierarchy.training_images(args.batch_size, args.num_workers)
    log = partial(print, file=sys.stderr)
    progress = partial(shown_progress, what='near duplicates', log=log)
    found = curation.curate(images, plan, progress)
    dataset = hierarchy.cfg.train_dataloader.dataset
    out = args.out or hierarchy.folder / 'curated'
    shards = folder_of(dataset)
    written = write_curated(out, images, found, shards)
    print(branch_tables(found))
    if plan.threshold is not None:
        print(
            f'{len(found.copies)} near duplicates of other images at a '
            f'cosine of {plan.threshold} or more'
        )
    for name, num in written.items():
        print(f'{out / name}: {num}')
    if LIST not in written:
        return
    if written[LIST] < len(found.chosen):
        num = len(found.chosen) - written[LIST]
        print(f'{num} names do not fit in a line of a list and are left out')
    work_dir = args.run.with_name(f'{args.run.name}-curated')
    options = training_list.list_options(dataset, out / LIST)
    config = RunFolder(args.run).config_file()
    command = training_list.train_command(config, work_dir, options)
    print(f'train with them:\n  {command}')


if __name__ == '__main__':
    run_tool(parse_args, main)
