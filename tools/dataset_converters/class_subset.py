"""Write an image folder of some classes of another, such as ImageNet-100."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.converters.class_subset import write_class_subset
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write all images of some classes as OUT/train/<class>/* '
        'and OUT/val/<class>/*. A folder that already holds them is reused.',
        epilog='Example: python tools/dataset_converters/class_subset.py '
        'imagenet100.txt --source data/imagenet --out data/imagenet-100 '
        '--taxonomy wordnet.is_a.txt',
    )
    parser.add_argument(
        'list_file',
        metavar='LIST',
        help='file with the names of the class folders, such as n01558993, '
        'one per line; words behind a name are left out',
    )
    parser.add_argument(
        '--source',
        metavar='FOLDER',
        default='data/imagenet',
        help='folder with train and val, with a subfolder per class; the '
        'files get a second name (hard links) where that is possible, and are '
        'copied otherwise (default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        dest='root',
        metavar='OUT',
        required=True,
        help='folder to write; the configs expect data/imagenet-100',
    )
    parser.add_argument(
        '--taxonomy',
        metavar='FILE',
        help='wordnet.is_a.txt of image-net.org or a hierarchy.json, for the '
        "classes' tree in OUT/hierarchy.json (default: no such file)",
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = write_class_subset(
        **args, progress=partial(track, description='Placing images')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
