"""Finding the images that a prototype tree was built from."""

import os
from collections.abc import Sequence

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from hirl_mm.datasets.image_folder import listings
from hirl_mm.datasets.labels import labels_in
from hirl_mm.registry import enter_scope
from hirl_mm.structures import PrototypeTree

from .fingerprint import paths_identity, same_data


def images_in_folder(tree: PrototypeTree, folder: str | os.PathLike) -> dict:
    """List the images of a folder in the order in which a tree has them.

    Data sets with and without labels read a folder in different orders, so
    the list is used whose identity the tree has stored. A tree of an earlier
    version has stored none; then it is the first list of the right length.

    Args:
        tree: Tree of prototypes.
        folder: Folder of the images that the tree was built from.

    Returns:
        ``images`` (paths) and, if there are class folders, ``labels`` and
        ``class_names``, as the arguments of :func:`draw_semantic_tree`.

    Raises:
        ValueError: If no list of the folder is that of the tree.
    """
    found = list(listings(folder))
    of_size = [one for one in found if len(one['images']) == len(tree.leaf)]
    if not of_size:
        raise ValueError(
            f'{folder} holds {len(found[0]["images"])} images but the tree '
            f'was built from {len(tree.leaf)}: give the folder it was built '
            'from, or the config of the training'
        )
    for one in of_size:
        if same_data(tree.data, paths_identity(one['images'])):
            return one
    _check(tree, of_size[0]['images'], folder)
    return of_size[0]


def images_of_config(tree: PrototypeTree, cfg: Config) -> dict:
    """List the training images of a config, from which a tree was built.

    Args:
        tree: Tree of prototypes.
        cfg: Config of the training.

    Returns:
        See :func:`images_in_folder`. There are no classes if images have no
        label or several.

    Raises:
        ValueError: If the tree was built from other images.
    """
    enter_scope(cfg)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    infos = map(dataset.get_data_info, range(len(dataset)))
    paths = [str(info['img_path']) for info in infos]
    if len(paths) != len(tree.leaf):
        raise ValueError(
            f'the training data of {cfg.filename} are {len(paths)} images but '
            f'the tree was built from {len(tree.leaf)}: give the config of '
            'that training'
        )
    _check(tree, paths, cfg.filename)
    labels = labels_in(dataset)
    if any(len(one) != 1 for one in labels):
        return dict(images=paths)
    found = dict(images=paths, labels=[label for (label,) in labels])
    names = dataset.metainfo.get('classes')
    return found | (dict(class_names=names) if names else {})


def _check(
    tree: PrototypeTree, paths: Sequence[str], source: str | os.PathLike
) -> None:
    """Raise ValueError if a tree was built from other images."""
    if same_data(tree.data, paths_identity(paths)) is False:
        raise ValueError(
            f'the tree was built from other images than those in {source}, '
            'or from the same images in another order: give the folder it '
            'was built from. If the training read a list (ann_file) or '
            'several folders, give its config with --config, or call '
            'hirl_mm.visualization.draw_semantic_tree with the paths in the '
            'order of the training'
        )
