"""Convert the annotations of iNaturalist 2018 to an annotation file."""

import argparse
from pathlib import Path

from hirl_mm.datasets.converters.annotations import (
    check_images,
    first_of_every_class,
    write_annotations,
)
from hirl_mm.datasets.converters.inat2018 import (
    NUM_CLASSES,
    inat2018_annotations,
)
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Images without a label and classes without an image are '
        'errors. One image per class is checked to exist.',
    )
    parser.add_argument('json', help='path of train2018.json or val2018.json')
    parser.add_argument(
        '--images',
        default='data/inat2018',
        help='folder to which the paths in the file are relative; it holds '
        'train_val2018 (default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        help='annotation file to write; the configs expect '
        'data/inat2018/meta/train.txt and val.txt',
    )
    parser.add_argument(
        '--num-classes',
        type=int,
        default=NUM_CLASSES,
        help='number of classes of the data set (default: %(default)s)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    entries = inat2018_annotations(args.json, args.num_classes)
    check_images(first_of_every_class(entries), args.images, args.json)
    write_annotations(args.out, entries)
    print(
        f'{args.out}: {len(entries):,} images of {args.num_classes:,} classes'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
