"""Draw a class-balanced share of an image folder as an annotation file."""

import argparse
import sys
from pathlib import Path

from hirl_mm.datasets.converters.annotations import write_annotations
from hirl_mm.datasets.converters.class_draw import draw_images
from hirl_mm.datasets.image_files import (
    LISTED,
    left_out,
    left_out_text,
    visible_files,
)
from hirl_mm.options import ToolParser, add_draw_options, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='For data sets without a published list (for ImageNet there '
        "are SimCLR's lists). The draw depends only on the file names and "
        'the seed.',
    )
    parser.add_argument(
        'folder', help='folder with the images FOLDER/CLASS/NAME'
    )
    add_draw_options(parser)
    parser.add_argument(
        '--out',
        type=Path,
        help='annotation file to write (default: meta/PERCENTpercent.txt in '
        'the parent folder of FOLDER)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    name = f'{args.percent:g}percent.txt'
    out = args.out or Path(args.folder).parent / 'meta' / name
    entries = draw_images(args.folder, args.percent / 100, args.seed)
    write_annotations(out, entries)
    counts = left_out(visible_files(args.folder), LISTED, with_label=True)
    if counts:
        print(left_out_text(args.folder, counts, LISTED), file=sys.stderr)
    num_classes = len({label for _, label in entries})
    print(f'{out}: {len(entries):,} images of {num_classes:,} classes')


if __name__ == '__main__':
    run_tool(parse_args, main)
