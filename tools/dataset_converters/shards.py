"""Convert an image folder to a few large tar files that are read by index."""

import argparse
import sys
from functools import partial
from pathlib import Path

from hirl_mm.options import ToolParser, run_tool
from hirl_mm.progress import shown_progress


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Data sets of the types hirl_mm.FolderImages, '
        'hirl_mm.ImageNetImages and hirl_mm.LabelledImages read OUT in place '
        'of FOLDER, with the same images in the same order. A conversion that '
        'was stopped goes on when the command is repeated.',
    )
    parser.add_argument(
        'folder',
        type=Path,
        help='folder with images, with or without a subfolder per class',
    )
    parser.add_argument(
        '--out', type=Path, required=True, help='folder to write'
    )
    parser.add_argument(
        '--images-per-shard',
        type=int,
        default=10_000,
        help='images in a tar file (default: %(default)s, a gigabyte of '
        'ImageNet)',
    )
    parser.add_argument(
        '--check',
        action='store_true',
        help='then compare every image in the tar files with that of FOLDER',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    log = partial(print, file=sys.stderr, flush=True)

    from hirl_mm.datasets.shards.conversion import check, convert

    def shown(what: str):
        return partial(shown_progress, what=what, log=log)

    shards = convert(
        args.folder,
        args.out,
        args.images_per_shard,
        shown('writing shards'),
    )
    if args.check:
        check(shards, args.folder, shown('comparing images'))
    index = shards.index
    compared = ', all equal to the files' if args.check else ''
    print(
        f'{args.out}: {len(index.scan):,} images in {len(index.ends):,} '
        f'shards{compared}'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
