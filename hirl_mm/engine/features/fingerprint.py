"""What features depend on, in few characters that can be compared."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

_BLOCK = 1 << 20


def file_fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def config_fingerprint(config: dict | list) -> str:
    """SHA-256 of a part of a config."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def data_fingerprint(dataset: BaseDataset) -> str:
    """SHA-256 of a data set's file names and labels, in their order.

    The folder that the data set lies in does not count, nor do the pixels.
    """
    digest = hashlib.sha256()
    root = Path(dataset.data_root or '')
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        path = Path(info['img_path'])
        name = path.relative_to(root) if path.is_relative_to(root) else path
        line = [name.as_posix(), info.get('gt_label')]
        digest.update(json.dumps(line).encode())
    return digest.hexdigest()


def data_identity(dataset: BaseDataset) -> str:
    """Return what tells the images of a data set and their order from others.

    It is the SHA-256 of the images' names below the folder that holds them
    all, or of the arrays of a data set that keeps arrays instead of files, as
    MMPreTrain's CIFAR does. Neither labels nor the content of files count, so
    that data sets which read one folder in one order agree, however they
    spell it and with or without labels, and the folder may move. A million
    images take about three seconds.

    Args:
        dataset: Is not changed.

    Returns:
        64 hexadecimal digits; empty if there are neither paths nor arrays.
    """
    infos = map(dataset.get_data_info, range(len(dataset)))
    names = [_image_name(info) for info in infos]
    return '' if None in names else paths_identity(names)


def paths_identity(paths: Sequence[str]) -> str:
    """Return the identity of the images at N paths, see data_identity.

    Example:
        >>> here = paths_identity(['data/cat/1.png', 'data/dog/1.png'])
        >>> here == paths_identity(['/moved/cat/1.png', '/moved/dog/1.png'])
        True
        >>> here == paths_identity(['data/dog/1.png', 'data/cat/1.png'])
        False
    """
    ends = [min(paths, default=''), max(paths, default='')]
    folder = len(os.path.dirname(os.path.commonprefix(ends)))
    names = '\0'.join(path[folder:].lstrip('/') for path in paths)
    return hashlib.sha256(names.encode(errors='surrogateescape')).hexdigest()


def same_data(first: str, second: str) -> bool | None:
    """Return whether two identities are of the same images in one order.

    Returns:
        None if one of them is unknown, that is empty.
    """
    return first == second if first and second else None


def _image_name(info: dict) -> str | None:
    """The path of an image, or the hash of its array."""
    if info.get('img_path') is not None:
        return str(info['img_path'])
    image = info.get('img')
    if image is None:
        return None
    array = np.ascontiguousarray(image)
    digest = hashlib.sha256(f'{array.dtype} {array.shape} '.encode())
    digest.update(array)
    return digest.hexdigest()
