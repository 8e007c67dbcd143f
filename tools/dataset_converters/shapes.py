"""Draw an image folder of textured shapes with a three-level class tree."""

import argparse
from functools import partial

from rich.progress import track

from hirl_mm.datasets.toy import write_shapes
from hirl_mm.datasets.toy.folder import describe_folder
from hirl_mm.options import ToolParser, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description='Draw textured shapes of 36 fine, 12 middle and 4 coarse '
        'classes as ROOT/train/<fine class>/*.png and ROOT/val/<fine class>/'
        '*.png, with the class tree in ROOT/hierarchy.json. A folder that '
        'already holds them is reused.',
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        'root',
        metavar='ROOT',
        nargs='?',
        default='data/shapes',
        help='folder to write',
    )
    options = {
        'image-size': (64, 'height and width of the images in pixels'),
        'num-train-per-class': (
            100,
            'number of training images per fine class',
        ),
        'num-val-per-class': (
            20,
            'number of validation images per fine class',
        ),
        'seed': (0, 'seed of the images'),
    }
    for name, (default, text) in options.items():
        parser.add_argument(f'--{name}', type=int, default=default, help=text)
    parser.add_argument(
        '--grey',
        action='store_true',
        help='draw in shades of grey, on a dark background',
    )
    parser.add_argument(
        '--texture-scale',
        type=float,
        default=1.0,
        help='factor of the period of the textures, which is an eighth to a '
        "fifth of the image's side",
    )
    parser.add_argument(
        '--min-radius',
        type=float,
        default=0.34,
        help="smallest radius of a shape, as a share of the image's side, up "
        'to 0.46',
    )
    return parser.parse_args()


def main(args: argparse.Namespace) -> None:
    args = vars(args)
    root = write_shapes(
        **args, progress=partial(track, description='Drawing shapes')
    )
    print(describe_folder(root))


if __name__ == '__main__':
    run_tool(parse_args, main)
