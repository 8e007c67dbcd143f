"""Draw a prototype tree with the images that it was built from."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hirl_mm.structures import PrototypeTree

from hirl_mm.options import add_trust_option


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
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
        help='folder of the training images, read like CustomDataset with '
        'data_root=FOLDER; every subfolder is a class, a flat folder has no '
        'classes',
    )
    source.add_argument(
        '--config',
        help='config of the training, to read its training images; needed if '
        'these are arrays (CIFAR, MNIST), a list or several folders',
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
    return parser.parse_args()


def read_images(
    tree: 'PrototypeTree', data: Path | None, config: str | None
) -> dict:
    """Return the images of a tree, as arguments of draw_semantic_tree."""
    if config is None:
        from hirl_mm.datasets.image_folder import load_images

        found = load_images(data)
        check_images(tree, found['images'], data)
        return found
    from mmengine.config import Config

    from hirl_mm.engine.features.tree_images import images_of_config

    return images_of_config(tree, Config.fromfile(config))


def check_images(tree: 'PrototypeTree', images: list[str], data: Path) -> None:
    """Raise ValueError if the tree was built from other images."""
    from hirl_mm.engine.features.fingerprint import paths_identity, same_data

    if len(images) != len(tree.leaf):
        raise ValueError(
            f'{data} holds {len(images)} images but the tree was built from '
            f'{len(tree.leaf)}: give the folder it was built from'
        )
    same = same_data(tree.data, paths_identity(images))
    if same is False:
        raise ValueError(
            f'the tree was built from other images than those in {data}, or '
            'from the same images in another order: give the folder it was '
            'built from. If the training read the images in the order of an '
            'annotation file (ann_file), call '
            'hirl_mm.visualization.draw_semantic_tree with the paths in the '
            'order of the training'
        )
    if same is None:
        print(
            'the tree does not store which images it was built from, so '
            f'{data} cannot be checked: with other images the picture is '
            'wrong',
            file=sys.stderr,
        )


def main(
    tree: Path,
    data: Path | None,
    config: str | None,
    out: Path,
    trust_checkpoint: bool,
    **options,
) -> None:
    from hirl_mm.checkpoints.trees import load_tree
    from hirl_mm.visualization import draw_semantic_tree

    loaded = load_tree(tree, trust_checkpoint)
    found = read_images(loaded, data, config)
    draw_semantic_tree(loaded, out=out, **found, **options)


if __name__ == '__main__':
    arguments = vars(parse_args())
    try:
        main(**arguments)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
