"""Draw a share of the images of a multi-label data set as a list."""

import argparse
from pathlib import Path

from hirl_mm.datasets.converters.label_draw import draw_labelled
from hirl_mm.datasets.converters.multilabel_lists import (
    part_of_list,
    read_multilabel,
)
from hirl_mm.files import replacing
from hirl_mm.options import ToolParser, add_draw_options, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='The images of a smaller share are among those of a larger '
        'one with the same seed. Every class has an image if there is room '
        'for all. Example: python tools/dataset_converters/'
        'multilabel_subset.py data/coco/annotations/multilabel_train2014.json '
        '--percent 1',
    )
    parser.add_argument(
        'list',
        type=Path,
        help='list of all images: the .json file that coco_multilabel.py has '
        'written, or ImageSets/Main/trainval.txt of VOC',
    )
    add_draw_options(parser)
    parser.add_argument(
        '--out',
        type=Path,
        help='list to write (default: NAME-PERCENTpct beside the given list)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    name = f'{args.list.stem}-{args.percent:g}pct{args.list.suffix}'
    out = args.out or args.list.with_name(name)
    labels = read_multilabel(args.list)
    drawn = draw_labelled(labels, args.percent / 100, args.seed)
    with replacing(out) as temporary:
        temporary.write_text(part_of_list(args.list, drawn))
    classes = frozenset().union(*labels)
    shown = frozenset().union(*(labels[index] for index in drawn))
    print(
        f'{out}: {len(drawn):,} of {len(labels):,} images, '
        f'{len(shown)} of {len(classes)} classes'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
