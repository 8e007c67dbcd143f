"""Draw a prototype tree with the images that it was built from."""

import argparse
import sys
from pathlib import Path

from hirl_mm.options import ToolParser, add_trust_option, run_tool


def parse_args() -> argparse.Namespace:
    parser = ToolParser(
        description=__doc__,
        epilog='Shows the largest branches, with random images of each leaf; '
        'the picture says how much is left out. Example: python '
        'tools/visualize_tree.py work_dirs/run/epoch_20.pth --data '
        'data/train --out tree.png',
    )
    add = parser.add_argument
    add(
        'tree',
        type=Path,
        help='tree file (work_dirs/.../prototype_trees/*.pth), or training '
        'checkpoint that holds a tree',
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--data',
        type=Path,
        metavar='FOLDER',
        help='folder of the training images, read in the order of the '
        'training, with or without labels; every subfolder is a class, a flat '
        'folder has no classes',
    )
    source.add_argument(
        '--config',
        help='config of the training, to read its training images; needed if '
        'these are arrays (CIFAR, MNIST), a list, several folders or a part '
        'of one',
    )
    add(
        '--level',
        help='level of the class hierarchy whose classes are named and '
        'coloured (default: the classes of the images)',
    )
    add(
        '--hierarchy',
        metavar='FILE',
        help="class hierarchy for --level: hierarchy.json or WordNet's is_a "
        'file (default: hierarchy.json in the folder of the images or in the '
        'one above)',
    )
    add(
        '--out',
        type=Path,
        default='tree.png',
        help='picture to write; its suffix chooses the format '
        '(default: %(default)s)',
    )
    add('--title', default='Semantic tree', help='title of the picture')
    fit = ' (default: as many as fit)'
    add('--max-roots', type=int, help='roots (coarsest prototypes)' + fit)
    add('--max-children', type=int, help='children per node' + fit)
    add(
        '--members-per-leaf',
        type=int,
        default=10,
        help='images per leaf (default: %(default)s)',
    )
    add('--seed', type=int, default=0, help='seed of the random images')
    add_trust_option(parser)
    args = parser.parse_args()
    if args.hierarchy is not None and args.level is None:
        parser.error(
            '--hierarchy needs --level, the name of one of its levels'
        )
    return args


def draw(
    tree: Path,
    data: Path | None,
    config: str | None,
    out: Path,
    level: str | None,
    hierarchy: str | None,
    trust_checkpoint: bool,
    **options,
) -> None:
    from hirl_mm.checkpoints.trees import load_tree
    from hirl_mm.datasets.taxonomy import (
        hierarchy_beside,
        with_coarser_classes,
    )
    from hirl_mm.engine.features.tree_images import (
        images_in_folder,
        images_of_config,
    )
    from hirl_mm.engine.runtime.config_file import read_config
    from hirl_mm.visualization import draw_semantic_tree

    loaded = load_tree(tree, trust_checkpoint)
    if config:
        found = images_of_config(loaded, read_config(config))
    else:
        found = images_in_folder(loaded, data)
    if not loaded.data:
        print(
            'the tree does not store which images it was built from, so '
            f'{config or data} cannot be checked: with other images, or with '
            'images in another order, the picture is wrong',
            file=sys.stderr,
        )
    if level:
        file = hierarchy or hierarchy_beside(found['images'])
        found = with_coarser_classes(found, file, level)
    draw_semantic_tree(loaded, out=out, **found, **options)
    print(f'written to {out}')


def main(args: argparse.Namespace) -> None:
    draw(**vars(args))


if __name__ == '__main__':
    run_tool(parse_args, main)
