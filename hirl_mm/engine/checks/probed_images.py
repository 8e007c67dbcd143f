"""Whether a probe measures the images that are trained on."""

import os
from collections.abc import Iterable

from torch.utils.data import Dataset

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.image_paths import paths_of_leaf
from hirl_mm.datasets.shards.locations import in_shards, plain_path


def check_probes_trained_images(
    trained: Dataset, gallery: Dataset, name: str
) -> None:
    """Raise ValueError if no image of a gallery may be among those trained on.

    Images are compared by folder; if one of the data sets is in shards, by
    the names of file and folder. Arrays have no names, and pass.

    Args:
        trained: Data set of the training.
        gallery: Data set that a probe measures.
        name: Name of the probe in ``default_hooks``.
    """
    ours, theirs = _paths(trained), _paths(gallery)
    if not ours or not theirs:
        return
    sharded = in_shards(ours[0]) or in_shards(theirs[0])
    places = _names if sharded else _folders
    wanted = set(places(theirs))
    if not wanted.isdisjoint(places(ours)):
        return
    raise ValueError(
        f'{name} measures images of {_parent(theirs)}, but '
        f'{_parent(ours)} is trained on: its figures would say nothing about '
        'this training. Give the folders of your images in '
        f'default_hooks.{name}.gallery and queries, switch it off with '
        f'default_hooks.{name}=None, or say that you mean it with '
        f'default_hooks.{name}.other_images=True'
    )


def _paths(dataset: Dataset) -> list[str]:
    """Paths of all images; none if some are arrays."""
    leaves = distinct_images(dataset).leaves
    paths = [path for leaf in leaves for path in paths_of_leaf(leaf)]
    known = [path for path in paths if path is not None]
    return known if len(known) == len(paths) else []


def _folders(paths: Iterable[str]) -> set[str]:
    return {os.path.realpath(x) for x in set(map(os.path.dirname, paths))}


def _names(paths: Iterable[str]) -> set[str]:
    return {'/'.join(plain_path(path).split('/')[-2:]) for path in paths}


def _parent(paths: list[str]) -> str:
    return os.path.dirname(os.path.commonprefix(paths)) or paths[0]
