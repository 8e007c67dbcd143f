"""Find the path of images through the tree of a training with HIRL.

A record per image is written: its file, the prototype of every level on its
path (level 0, the finest, first), and the cosine of the image and each of
these prototypes. An image that cannot be read is an error, unless
--skip-unreadable gives it null instead.

The tree is that of the last weights of the run. Embeddings are kept in
RUN_FOLDER/hierarchy: if the tool is stopped, it goes on where it was, and
other tools do not read the images again.
"""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, add_hierarchy_options, run_tool
from hirl_mm.stack import check_stack


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Example: python tools/assign.py work_dirs/run a.jpg photos/ '
        '--out paths.parquet',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_hierarchy_options(parser)
    add = parser.add_argument
    add(
        'images',
        nargs='*',
        metavar='IMAGES',
        help='image files and folders (default: the training images)',
    )
    add(
        '--out',
        type=Path,
        help='file to write, JSON lines (.jsonl) or Parquet (.parquet, needs '
        'pyarrow) (default: paths.jsonl in RUN_FOLDER/hierarchy)',
    )
    add(
        '--skip-unreadable',
        action='store_true',
        help='go on if one of IMAGES cannot be read, and count it',
    )
    # Images may stand before and behind options.
    return parser.parse_intermixed_args()


def main(args: argparse.Namespace) -> None:
    check_stack()
    from hirl_mm.hierarchy.image_records import PATH_SCHEMA, path_records
    from hirl_mm.hierarchy.record_files import check_record_file, write_records
    from hirl_mm.studies.hierarchy_use import image_files, skipping_unreadable
    from hirl_mm.studies.run_hierarchy import open_hierarchy

    if args.out:
        check_record_file(args.out)
    files = image_files(args.images)
    hierarchy = open_hierarchy(
        args.run, args.checkpoint, args.trust_checkpoint
    )
    reading = args.batch_size, args.num_workers
    found = hierarchy.training_images(*reading)
    if args.skip_unreadable:
        hierarchy.pipeline = skipping_unreadable(hierarchy.pipeline)
    if files:
        found = hierarchy.images_of(files, found.tree, 'assigned', *reading)
    out = args.out or hierarchy.folder / 'paths.jsonl'
    num = write_records(out, PATH_SCHEMA, path_records(found))
    unread = int((found.leaf < 0).sum())
    print(f'{out}: {num} images, {unread} of them could not be read')


if __name__ == '__main__':
    run_tool(parse_args, main)
