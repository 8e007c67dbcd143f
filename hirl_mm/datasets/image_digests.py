"""Which images of a data set are others than before."""

import os
from hashlib import blake2b

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch import Tensor
from torch.utils.data import Dataset

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.image_paths import paths_of_leaf
from hirl_mm.datasets.shards.locations import plain_path

_BYTES = 8


def image_digests(dataset: Dataset) -> Tensor | None:
    """Return a short hash of the name of every image.

    A name is the path below the folder of the data set, so that a folder may
    be moved. The content of files does not count. A million images take about
    a second.

    Args:
        dataset: Data set; it is not changed.

    Returns:
        (N,) int64, in the order of
        :func:`~hirl_mm.datasets.distinct_images.distinct_images`; None for
        images that have no path.
    """
    digests = []
    for leaf in distinct_images(dataset).leaves:
        paths = paths_of_leaf(leaf)
        if None in paths:
            return None
        folder = _folder_of(leaf)
        for path in paths:
            name = plain_path(str(path)).removeprefix(folder)
            code = name.encode(errors='surrogateescape')
            digests.append(blake2b(code, digest_size=_BYTES).digest())
    values = np.frombuffer(b''.join(digests), dtype='<i8')
    return torch.from_numpy(values.astype(np.int64))


def changed_images(before: Tensor, now: Tensor) -> str | None:
    """Say how many images of a data set are others than before.

    Args:
        before: (N,) int64, :func:`image_digests` at that time.
        now: (M,) int64.

    Returns:
        A sentence; None if the images and their order are the same.

    Example:
        >>> changed_images(torch.tensor([1, 2, 3]), torch.tensor([2, 3, 4, 5]))
        '2 images were added, 1 is gone, 2 are as before'
    """
    if torch.equal(before, now):
        return None
    added = int((~torch.isin(now, before)).sum())
    gone = int((~torch.isin(before, now)).sum())
    if not added and not gone:
        return 'the images are the same, in another order or number'
    return (
        f'{added:,} {"image was" if added == 1 else "images were"} added, '
        f'{gone:,} {"is" if gone == 1 else "are"} gone, '
        f'{len(now) - added:,} are as before'
    )


def _folder_of(leaf: BaseDataset) -> str:
    folder = getattr(leaf, 'img_prefix', '') or getattr(leaf, 'data_root', '')
    return os.path.join(folder, '') if folder else ''
