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
        epilog='The largest branches are shown, with members drawn at '
        'random; the picture says what is left out. Example: python '
        'tools/visualize_tree.py work_dirs/run/epoch_20.pth --data '
        'data/train --out tree.png',
    )
    add = parser.add_argument
    add(
        'tree',
        type=Path,
        help='file of PrototypeTree.save, or a training checkpoint that '
        'holds a tree',
    )
    add(
        '--data',
        type=Path,
        required=True,
        metavar='FOLDER',
        help='folder of the training images, as CustomDataset reads it with '
        'data_root=FOLDER; subfolders are classes, a flat folder has none',
    )
    add(
        '--out',
        type=Path,
        default='tree.png',
        help='picture to write, its suffix chooses the format '
        '(default: %(default)s)',
    )
    add('--title', default='Semantic tree', help='first line of the picture')
    fit = ' (default: as many as fit)'
    add('--max-roots', type=int, help='coarsest prototypes to show' + fit)
    add('--max-children', type=int, help='children to show per node' + fit)
    add(
        '--members-per-leaf',
        type=int,
        default=10,
        help='images per leaf (default: %(default)s)',
    )
    add('--seed', type=int, default=0, help='of the choice of images')
    add_trust_option(parser)
    return parser.parse_args()


def check_images(tree: 'PrototypeTree', images: list[str], data: Path) -> None:
    """Raise ValueError if the tree is known to be over other images."""
    from hirl_mm.engine.features.fingerprint import paths_identity, same_data

    if len(images) != len(tree.leaf):
        raise ValueError(
            f'{data} holds {len(images)} images but the tree was built from '
            f'{len(tree.leaf)}; give the folder it was built from'
        )
    same = same_data(tree.data, paths_identity(images))
    if same is False:
        raise ValueError(
            f'{data} holds as many images as the tree was built from, but '
            'others, or in another order: give the folder it was built from. '
            'If the training read that folder by an annotation file '
            '(ann_file), whose order is its own, call '
            'hirl_mm.visualization.draw_semantic_tree with the paths in the '
            'order of the training'
        )
    if same is None:
        print(
            f'the tree does not say which images it was built from, so that '
            f'{data} cannot be checked: in other images the picture is wrong',
            file=sys.stderr,
        )


def main(
    tree: Path, data: Path, out: Path, trust_checkpoint: bool, **options
) -> None:
    from hirl_mm.checkpoints.trees import load_tree
    from hirl_mm.datasets.image_folder import load_images
    from hirl_mm.visualization import draw_semantic_tree

    loaded = load_tree(tree, trust_checkpoint)
    found = load_images(data)
    check_images(loaded, found['images'], data)
    draw_semantic_tree(loaded, out=out, **found, **options)


if __name__ == '__main__':
    arguments = vars(parse_args())
    try:
        main(**arguments)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
