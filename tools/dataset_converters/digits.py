"""Write scikit-learn's handwritten digits as an image folder."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.toy import write_digits
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write the 1,797 handwritten digits of scikit-learn as '
        'ROOT/train/<digit>/*.png and ROOT/val/<digit>/*.png. Nothing is '
        'downloaded. A folder that already holds them is reused.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'root',
        metavar='ROOT',
        nargs='?',
        default='data/digits',
        help='folder to write',
    )
    parser.add_argument(
        '--image-size',
        type=int,
        default=32,
        help='height and width of the images in pixels',
    )
    parser.add_argument(
        '--num-val',
        type=int,
        default=297,
        help='number of validation images; the rest is for training',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the split'
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = write_digits(
        **args, progress=partial(track, description='Writing digits')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
