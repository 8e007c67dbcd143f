"""Draw a prototype tree with the images that it was built from."""

import argparse
import sys
from pathlib import Path

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
        help='file of PrototypeTree.save, or a training checkpoint with '
        'the key prototype_tree',
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


def main(
    tree: Path, data: Path, out: Path, trust_checkpoint: bool, **options
) -> None:
    from hirl_mm.checkpoints.trees import load_tree
    from hirl_mm.datasets.image_folder import load_images
    from hirl_mm.visualization import draw_semantic_tree

    loaded = load_tree(tree, trust_checkpoint)
    found = load_images(data)
    if len(found['images']) != len(loaded.leaf):
        raise ValueError(
            f'{data} holds {len(found["images"])} images but the tree was '
            f'built from {len(loaded.leaf)}; give the folder it was built from'
        )
    draw_semantic_tree(loaded, out=out, **found, **options)


if __name__ == '__main__':
    arguments = vars(parse_args())
    try:
        main(**arguments)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
