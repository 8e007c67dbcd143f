"""Draw images with their nearest neighbours over the epochs of a run.

For some images there is one row per table of neighbours that the run has
stored: the image, its neighbours in order and its mix with the first of them.
Neighbours of the same class have a green frame, others a red one. The report
says per epoch which share of all neighbours the table before had, and which
share has the class of its image.
"""

import argparse
from pathlib import Path

from hirl_mm.options import ToolParser, add_trust_option, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Example: python tools/visualize_neighbors.py work_dirs/run '
        '--num-images 6 --out work_dirs/run/neighbors.png',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'run',
        type=Path,
        metavar='RUN_FOLDER',
        help='work folder of the training, with neighbors/epoch_*.pth',
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--data',
        type=Path,
        metavar='FOLDER',
        help='folder of the training images, with or without a subfolder per '
        'class (default: the training data of the config of the run)',
    )
    source.add_argument(
        '--config', help='config of the training (default: that of the run)'
    )
    add(
        '--out',
        type=Path,
        help='picture to write; a table (.md) and all values (.json) are '
        'written beside it (default: neighbors.png in RUN_FOLDER)',
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        '--images',
        type=int,
        nargs='+',
        metavar='NUMBER',
        help='sample indices of the images to show',
    )
    chosen.add_argument(
        '--num-images',
        type=int,
        default=4,
        help='number of random images to show (default: %(default)s)',
    )
    default = ' (default: %(default)s)'
    add('--seed', type=int, default=0, help='seed of the choice' + default)
    add('--max-epochs', type=int, default=8, help='rows per image' + default)
    add(
        '--max-neighbors',
        type=int,
        default=10,
        help='neighbours in a row' + default,
    )
    add(
        '--mix-share',
        type=float,
        default=0.7,
        metavar='LAMBDA',
        help='share of the image in its mix, CutMix with a box in the middle'
        + default,
    )
    add_trust_option(parser)
    args = parser.parse_args()
    for name in ('num_images', 'max_epochs', 'max_neighbors'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    if not 0 <= args.mix_share <= 1:
        parser.error(f'--mix-share must be in [0, 1], got {args.mix_share}')
    return args


def main(args: argparse.Namespace) -> None:
    import numpy as np

    from hirl_mm.engine.features.tree_images import (
        images_in_folder,
        images_of_config,
    )
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.engine.runtime.found_config import read_found_config
    from hirl_mm.studies.neighbor_report import (
        neighbor_tables,
        write_neighbor_report,
    )
    from hirl_mm.studies.run_folder import RunFolder
    from hirl_mm.visualization.thumbnails import sample_members

    tables = neighbor_tables(args.run)
    first = next(iter(tables.values()))
    if args.data:
        found = images_in_folder(first, args.data)
    elif args.config:
        found = images_of_config(first, read_config(args.config))
    else:
        config = RunFolder(args.run).config_file()
        cfg = read_found_config(config, args.trust_checkpoint)
        found = images_of_config(first, cfg)
    shown = args.images or sample_members(
        np.arange(first.num_images), args.num_images, [args.seed]
    )
    out = args.out or args.run / 'neighbors.png'
    table = write_neighbor_report(
        out.with_suffix('.md'),
        tables,
        [int(image) for image in shown],
        **found,
        max_epochs=args.max_epochs,
        max_neighbors=args.max_neighbors,
        mix_share=args.mix_share,
        picture=out.suffix,
        run=str(args.run),
        seed=args.seed,
    )
    print(table, end='')
    print(f'written to {out}, with a table (.md) and all values (.json)')


if __name__ == '__main__':
    run_tool(parse_args, main)
