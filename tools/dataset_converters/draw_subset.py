"""Draw the same share of every class of an image folder.

The result is an annotation file.
"""

import argparse
import sys
from pathlib import Path

from hirl_mm.datasets.converters.annotations import write_annotations
from hirl_mm.datasets.converters.class_draw import draw_images


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='Use it for data sets without an official list, such as those '
        'of SimCLR for ImageNet. The draw depends only on the file names and '
        'the seed.',
    )
    parser.add_argument('folder', help='images as FOLDER/CLASS/NAME')
    parser.add_argument(
        '--percent',
        type=float,
        required=True,
        help='percentage of the images to draw',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='annotation file to write (default: meta/PERCENTpercent.txt '
        'beside FOLDER)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=0,
        help='seed of the draw (default: %(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    name = f'{args.percent:g}percent.txt'
    out = args.out or Path(args.folder).parent / 'meta' / name
    try:
        entries = draw_images(args.folder, args.percent / 100, args.seed)
        write_annotations(out, entries)
    except (OSError, ValueError) as error:
        sys.exit(f'{type(error).__name__}: {error}')
    num_classes = len({label for _, label in entries})
    print(f'{out}: {len(entries):,} images of {num_classes:,} classes')


if __name__ == '__main__':
    main()
