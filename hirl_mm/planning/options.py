"""Options of tools/pretrain_folder.py."""

import argparse
from pathlib import Path

from .recipes import recipes

_DEFAULT = 'hirl-mocov2'


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Add the images, the method, and what a user may decide about a plan.

    Args:
        parser: Parser of the command line of a tool.
    """
    add = parser.add_argument
    add(
        'images',
        metavar='DIR',
        help='folder of images, at any depth, whose subfolders may be '
        'classes; folder of shards (docs/data.md); or a text file with one '
        'image per line, relative to its folder, with or without a label',
    )
    add(
        '--method',
        choices=list(recipes()),
        default=_DEFAULT,
        help='method, a recipe of configs/hirl (default: %(default)s)',
    )
    add(
        '--out',
        type=Path,
        metavar='RUN',
        help='work folder (default: work_dirs/METHOD_DIR)',
    )
    add(
        '--plan',
        action='store_true',
        help='print the choices, the time and the memory, and write nothing',
    )
    add(
        '--init',
        metavar='CHECKPOINT',
        help='start from these weights: of timm, torchvision, Hugging Face, '
        'DINO or OpenMMLab; the network is that of the file',
    )
    add(
        '--skip-broken',
        action='store_true',
        help='train without images that cannot be read (default: refuse)',
    )
    add(
        '--no-labels',
        action='store_true',
        help='take subfolders for no classes; labels only measure a training',
    )
    add('--epochs', type=int, help='number of epochs (default: by --hours)')
    add(
        '--hours',
        type=float,
        help='time of the training (default: 1 on a CPU, 24 on GPUs)',
    )
    add('--batch-size', type=int, help='images per step and device')
    add('--image-size', type=int, help='side of a view, a multiple of 32')
    add(
        '--full-width',
        action='store_true',
        help='train a ResNet-18 of full width on a CPU, too, which can be '
        'exported to torchvision and timm (default there: half the width, '
        'which only transformers loads)',
    )
    add(
        '--device-memory',
        type=float,
        metavar='GIB',
        help='memory that a device may use (default: nine tenths of it)',
    )
    add('--resume', action='store_true', help='continue the training in RUN')
