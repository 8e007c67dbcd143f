"""Write Fashion-MNIST as an image folder with a three-level class tree."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.converters.fashion_mnist import (
    SOURCE,
    write_fashion_mnist,
)
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write the grey photographs of Fashion-MNIST, 28 x 28 '
        'pixels, as ROOT/train/<class>/*.png and ROOT/val/<class>/*.png, with '
        'the class tree (10 classes, 5 groups, 3 groups of groups) in '
        'ROOT/hierarchy.json. A folder that already holds them is reused.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add(
        'root',
        metavar='ROOT',
        nargs='?',
        default='data/fashion-mnist',
        help='folder to write',
    )
    add(
        '--source',
        metavar='FOLDER',
        default=SOURCE,
        help='folder of the four idx files, compressed or not; the default is '
        "where Debian's package dataset-fashion-mnist has them",
    )
    options = {
        'num-train-per-class': (6000, 'training images of every class'),
        'num-val-per-class': (1000, 'validation images of every class'),
    }
    for name, (default, what) in options.items():
        text = f'number of {what}, the first ones of the file'
        add(f'--{name}', type=int, metavar='N', default=default, help=text)
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = write_fashion_mnist(
        **args, progress=partial(track, description='Writing images')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
