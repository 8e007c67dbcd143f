"""Write Tiny ImageNet as an image folder, with a subfolder per class."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.converters.tiny_imagenet import write_tiny_imagenet
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write the photographs of Tiny ImageNet, 64 x 64 pixels, '
        'as OUT/train/<wnid>/*.JPEG and OUT/val/<wnid>/*.JPEG. A folder that '
        'already holds them is reused.',
        epilog='Example: python tools/dataset_converters/tiny_imagenet.py '
        'tiny-imagenet-200.zip --taxonomy wordnet.is_a.txt',
    )
    parser.add_argument(
        'source',
        metavar='SOURCE',
        help='tiny-imagenet-200.zip, or the folder that it was unpacked to; '
        'files of a folder get a second name (hard links) where that is '
        'possible',
    )
    parser.add_argument(
        '--out',
        dest='root',
        metavar='OUT',
        default='data/tiny-imagenet',
        help='folder to write (default: %(default)s)',
    )
    parser.add_argument(
        '--taxonomy',
        metavar='FILE',
        help="wordnet.is_a.txt of image-net.org, for the classes' tree in "
        'OUT/hierarchy.json (default: no such file)',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = write_tiny_imagenet(
        **args, progress=partial(track, description='Writing images')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
