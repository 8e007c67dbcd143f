"""Draw scenes of several shapes in COCO's format."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.toy import write_shape_scenes
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Draw scenes of one to four shapes with boxes and masks '
        "in COCO's format: ROOT/train, ROOT/val and ROOT/annotations/"
        'instances_{train,val}.json. Nothing is downloaded. A folder that '
        'already holds them is reused.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'root',
        metavar='ROOT',
        nargs='?',
        default='data/shape_scenes',
        help='folder to write',
    )
    parser.add_argument(
        '--num-train', type=int, default=200, help='number of training scenes'
    )
    parser.add_argument(
        '--num-val', type=int, default=50, help='number of validation scenes'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the scenes'
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    root = write_shape_scenes(
        **vars(args), progress=partial(track, description='Drawing scenes')
    )
    print(
        f'{root}: {args.num_train} train and {args.num_val} val scenes of '
        '12 shapes'
    )


if __name__ == '__main__':
    run_tool(parse_args, main)
