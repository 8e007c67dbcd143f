"""Finding the images of a prototype tree or of a table of neighbours."""

import os

from mmengine.config import Config

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.image_folder import listings
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.registry import enter_scope
from hirl_mm.structures import NeighborTable, PrototypeTree
from hirl_mm.visualization.images_of_data import images_of_data

from .fingerprint import data_identity, paths_identity, same_data


def images_in_folder(
    tree: PrototypeTree | NeighborTable, folder: str | os.PathLike
) -> dict:
    """List the images of a folder in the order in which a tree has them.

    Data sets with and without labels read a folder in different orders, so
    the list is used whose identity the tree has stored. A tree of an earlier
    version has stored none; then it is the first list of the right length.

    Args:
        tree: Tree of prototypes, or table of neighbours.
        folder: Folder of the images that the tree was built from.

    Returns:
        ``images`` (paths) and, if there are class folders, ``labels`` and
        ``class_names``, as the arguments of :func:`draw_semantic_tree`.

    Raises:
        ValueError: If no list of the folder is that of the tree, or a file,
            such as a config, is given.
    """
    if os.path.isfile(folder):
        raise ValueError(
            f'{folder} is a file, not the folder of the training images: give '
            'the folder, or the config of the training with --config'
        )
    found = list(listings(folder))
    name, num, _ = _facts(tree)
    of_size = [one for one in found if len(one['images']) == num]
    if not of_size:
        raise ValueError(
            f'{folder} holds {len(found[0]["images"])} images but the '
            f'{name} was built from {num}: give the folder it was built '
            'from, or the config of the training'
        )
    for one in of_size:
        if same_data(tree.data, paths_identity(one['images'])):
            return one
    _check(tree, paths_identity(of_size[0]['images']), folder)
    return of_size[0]


def images_of_config(tree: PrototypeTree | NeighborTable, cfg: Config) -> dict:
    """Return the training images of a config, from which a tree was built.

    Args:
        tree: Tree of prototypes, or table of neighbours.
        cfg: Config of the training, whose data set may hold arrays, wrap
            other data sets or read a list.

    Returns:
        ``images`` and, if all images have one label, ``labels`` and
        ``class_names``, see
        :func:`~hirl_mm.visualization.images_of_data.images_of_data`.

    Raises:
        ValueError: If the tree was built from other images.
    """
    enter_scope(cfg)
    images = distinct_images(build_dataset(cfg.train_dataloader.dataset))
    check_images(tree, images, cfg)
    return images_of_data(images)


def check_images(
    tree: PrototypeTree | NeighborTable, images: DistinctImages, cfg: Config
) -> None:
    """Check that a tree was built from the training images of a config.

    Args:
        tree: Tree of prototypes, or table of neighbours.
        images: The training images.
        cfg: Config that they are of.

    Raises:
        ValueError: If the tree was built from other images.
    """
    name, num, _ = _facts(tree)
    if len(images) != num:
        raise ValueError(
            f'the training data of {cfg.filename} are {len(images)} images '
            f'but the {name} was built from {num}: give the config '
            'of that training'
        )
    _check(tree, data_identity(images), cfg.filename)


def _facts(tree: PrototypeTree | NeighborTable) -> tuple[str, int, str]:
    """Return what it is, the number of its images, and what draws it."""
    if isinstance(tree, PrototypeTree):
        return 'tree', len(tree.leaf), 'draw_semantic_tree'
    return 'table of neighbours', tree.num_images, 'draw_neighbor_sheet'


def _check(
    tree: PrototypeTree | NeighborTable,
    identity: str,
    source: str | os.PathLike,
) -> None:
    """Raise ValueError if it was built from other images."""
    if same_data(tree.data, identity) is False:
        name, _, drawing = _facts(tree)
        raise ValueError(
            f'the {name} was built from other images than those in {source}, '
            'or from the same images in another order: give the folder it '
            'was built from. If the training read a list (ann_file) or '
            'several folders, give its config with --config, or call '
            f'hirl_mm.visualization.{drawing} with the paths in the order of '
            'the training'
        )
