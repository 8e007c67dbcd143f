"""Finding the images that a prototype tree was built from."""

from mmengine.config import Config

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.registry import enter_scope
from hirl_mm.structures import PrototypeTree
from hirl_mm.visualization.images_of_data import images_of_data

from .fingerprint import data_identity, same_data


def images_of_config(tree: PrototypeTree, cfg: Config) -> dict:
    """Return the training images of a config, from which a tree was built.

    Args:
        tree: Tree of prototypes.
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
    if len(images) != len(tree.leaf):
        raise ValueError(
            f'the training data of {cfg.filename} are {len(images)} images '
            f'but the tree was built from {len(tree.leaf)}: give the config '
            'of that training'
        )
    if same_data(tree.data, data_identity(images)) is False:
        raise ValueError(
            'the tree was built from other images than the training data of '
            f'{cfg.filename}, or from the same images in another order: give '
            'the config of that training'
        )
    return images_of_data(images)
