"""Short hashes of what features depend on, to compare it."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from hirl_mm.datasets.compact_images import image_paths
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.shards.locations import plain_path

_BLOCK = 1 << 20


def file_fingerprint(path: str | os.PathLike) -> str:
    """Return the SHA-256 of the content of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def config_fingerprint(config: dict | list) -> str:
    """Return the SHA-256 of a part of a config."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def data_fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 of a data set's file names and labels, in order.

    Neither the folder of the data set nor the pixels of files count. An image
    that is an array has the hash of its pixels as a name.

    Args:
        dataset: Data set; it is not changed. Each of its images counts once.
    """
    digest = hashlib.sha256()
    images = distinct_images(dataset)
    root = Path(images.data_root or '')
    for info in images.infos():
        path = Path(_image_name(info) or '')
        name = path.relative_to(root) if path.is_relative_to(root) else path
        line = [name.as_posix(), info.get('gt_label')]
        digest.update(json.dumps(line, default=_plain).encode())
    return digest.hexdigest()


def data_identity(dataset: Dataset) -> str:
    """Return the identity of the images of a data set and of their order.

    It is the SHA-256 of the image paths relative to their common folder. For
    a data set of arrays, such as MMPreTrain's CIFAR, it is the SHA-256 of the
    arrays. Labels and the content of files do not count. Two data sets have
    the same identity if they read the same folder in the same order, with or
    without labels, even if the folder was moved or its path is written in
    another way, or if one has shards of the other. A million images take
    three seconds, those of a folder or of shards one.

    Args:
        dataset: Data set; it is not changed. Each of its images counts once,
            see :func:`~hirl_mm.datasets.distinct_images.distinct_images`.

    Returns:
        64 hexadecimal digits; empty if there are neither paths nor arrays.
    """
    names: list[str | None] = []
    for leaf in distinct_images(dataset).leaves:
        paths = image_paths(leaf)
        if paths is None:
            infos = map(leaf.get_data_info, range(len(leaf)))
            names += map(_image_name, infos)
        else:
            names += paths
    known = [name for name in names if name is not None]
    return paths_identity(known) if len(known) == len(names) else ''


def paths_identity(paths: Sequence[str]) -> str:
    """Return the identity of images from their paths, see data_identity.

    Args:
        paths: Paths of the N images, in order.

    Example:
        >>> here = paths_identity(['data/cat/1.png', 'data/dog/1.png'])
        >>> here == paths_identity(['/moved/cat/1.png', '/moved/dog/1.png'])
        True
        >>> here == paths_identity(['data/dog/1.png', 'data/cat/1.png'])
        False
    """
    paths = list(map(plain_path, paths))
    ends = [min(paths, default=''), max(paths, default='')]
    folder = len(os.path.dirname(os.path.commonprefix(ends)))
    names = '\0'.join(path[folder:].lstrip('/') for path in paths)
    return hashlib.sha256(names.encode(errors='surrogateescape')).hexdigest()


def same_data(first: str, second: str) -> bool | None:
    """Return whether two identities are equal; None if one is unknown.

    Args:
        first: Identity, see :func:`data_identity`; empty if unknown.
        second: The other identity.
    """
    return first == second if first and second else None


def _plain(label: np.ndarray | np.integer) -> int | list:
    """Return a label of NumPy as one that JSON knows."""
    return np.asarray(label).tolist()


def _image_name(info: dict) -> str | None:
    """Return the path of an image, or the hash of its array."""
    if info.get('img_path') is not None:
        return plain_path(str(info['img_path']))
    image = info.get('img')
    if image is None:
        return None
    array = np.ascontiguousarray(image)
    digest = hashlib.sha256(f'{array.dtype} {array.shape} '.encode())
    digest.update(array.data)
    return digest.hexdigest()
