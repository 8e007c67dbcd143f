"""Write CIFAR-10 or CIFAR-100 as an image folder with a class tree."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.converters.cifar import write_cifar
from hirl_mm.datasets.converters.cifar_files import LAYOUTS
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write the photographs of CIFAR, 32 x 32 pixels, as '
        'OUT/train/<class>/*.png and OUT/val/<class>/*.png, with the classes '
        'and their superclasses (20 of CIFAR-100; animals and vehicles of '
        'CIFAR-10) in OUT/hierarchy.json. A folder that already holds them is '
        'reused.',
        epilog='Example: python tools/dataset_converters/cifar.py cifar-100 '
        'cifar-100-python.tar.gz',
    )
    add = parser.add_argument
    add('dataset', choices=list(LAYOUTS), help='which of the two')
    add(
        'source',
        metavar='SOURCE',
        help='the python version: cifar-10-python.tar.gz or '
        'cifar-100-python.tar.gz, or the folder that it was unpacked to. No '
        'code in it is run',
    )
    add(
        '--out',
        metavar='OUT',
        help='folder to write (default: data/cifar-10 or data/cifar-100)',
    )
    for split, files in ('train', 'training'), ('val', 'test'):
        add(
            f'--num-{split}-per-class',
            type=int,
            metavar='N',
            help=f'number of {files} images of every class, the first ones '
            '(default: all images)',
        )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = args.pop('out') or f'data/{args["dataset"]}'
    root = write_cifar(
        root, **args, progress=partial(track, description='Writing images')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
