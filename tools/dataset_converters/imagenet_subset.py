"""Convert SimCLR's list of 1 % or 10 % of ImageNet to an annotation file."""

import argparse
from pathlib import Path

from hirl_mm.datasets.converters.annotations import write_annotations
from hirl_mm.datasets.converters.imagenet_subset import subset_annotations
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='The list has one image per line, such as '
        "n01440764_10183.JPEG; SimCLR's lists have 12,811 and 128,116 lines. "
        'Incomplete lists, repeated lines, missing images and classes '
        'without an image are errors.',
    )
    parser.add_argument('list', help='file with the names of the images')
    parser.add_argument(
        '--train',
        default='data/imagenet/train',
        help='folder of the training images, with a subfolder per class '
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='annotation file to write (default: meta/NAME_OF_LIST in the '
        'parent folder of the training images)',
    )
    parser.add_argument(
        '--num',
        type=int,
        help="number of images of your own list (not needed for SimCLR's)",
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    default = Path(args.train).parent / 'meta' / Path(args.list).name
    out = args.out or default
    entries = subset_annotations(args.list, args.train, args.num)
    write_annotations(out, entries)
    num_classes = len({label for _, label in entries})
    print(f'{out}: {len(entries):,} images of {num_classes:,} classes')


if __name__ == '__main__':
    run_tool(parse_args, main)
