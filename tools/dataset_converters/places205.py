"""Convert a list of Places205 to an annotation file."""

import argparse
from pathlib import Path

from hirl_mm.datasets.converters.annotations import (
    check_images,
    first_of_every_class,
    read_annotations,
    write_annotations,
)
from hirl_mm.options import ToolParser, run_tool

NUM_CLASSES = 205


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='The lists train_places205.csv and val_places205.csv come '
        'with the images; a line is a path, a space and a label. Lines '
        'without a label, labels above 204 and classes without an image are '
        'errors. One image per class is checked to exist.',
    )
    parser.add_argument(
        'list', help='path of train_places205.csv or val_places205.csv'
    )
    parser.add_argument(
        '--images',
        default='data/places205/images',
        help='folder to which the paths in the list are relative '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        help='annotation file to write; the configs expect '
        'data/places205/meta/train.txt and val.txt',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    entries = read_annotations(args.list, NUM_CLASSES, str(args.images))
    check_images(first_of_every_class(entries), args.images, args.list)
    write_annotations(args.out, entries)
    print(f'{args.out}: {len(entries):,} images of {NUM_CLASSES} classes')


if __name__ == '__main__':
    run_tool(parse_args, main)
