"""Write scenes of several digits in the layout of VOC2007."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.toy import write_digit_scenes
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Write scenes of one to four handwritten digits of '
        'scikit-learn as a multi-label data set in the layout of VOC2007: '
        'ROOT/JPEGImages, ROOT/Annotations and ROOT/ImageSets/Main/'
        '{trainval,test}.txt. Nothing is downloaded. A folder that already '
        'holds them is reused.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'root',
        metavar='ROOT',
        nargs='?',
        default='data/digit_scenes',
        help='folder to write',
    )
    parser.add_argument(
        '--num-trainval',
        type=int,
        default=300,
        help='number of training scenes',
    )
    parser.add_argument(
        '--num-test', type=int, default=100, help='number of test scenes'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the scenes'
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    root = write_digit_scenes(
        **vars(args), progress=partial(track, description='Drawing scenes')
    )
    print(
        f'{root}: {args.num_trainval} trainval and {args.num_test} test '
        'scenes of 10 digits'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
