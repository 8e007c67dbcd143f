"""Convert the instance annotations of COCO to labels of whole images."""

import argparse
import json

from hirl_mm.datasets.converters.coco_multilabel import (
    NUM_CLASSES,
    coco_multilabel,
)
from hirl_mm.files import replacing
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='An image has a class if it has an annotation of this class. '
        'Images without annotations are kept.',
    )
    parser.add_argument(
        'json',
        help='path of instances_train2014.json or instances_val2014.json',
    )
    parser.add_argument(
        '--out',
        required=True,
        help='annotation file to write; the config expects data/coco/'
        'annotations/multilabel_train2014.json and multilabel_val2014.json',
    )
    parser.add_argument(
        '--num-classes',
        type=int,
        default=NUM_CLASSES,
        help='number of classes of the data set (default: %(default)s)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    content = coco_multilabel(args.json, args.num_classes)
    with replacing(args.out) as temporary:
        temporary.write_text(json.dumps(content))
    images = content['data_list']
    labels = sum(len(image['gt_label']) for image in images)
    print(
        f'{args.out}: {len(images):,} images, {labels / len(images):.2f} of '
        f'{args.num_classes} classes in each'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
