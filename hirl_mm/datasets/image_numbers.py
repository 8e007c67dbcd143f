import numpy as np
from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    RepeatDataset,
)
from mmpretrain.datasets import KFoldDataset
from torch.utils.data import Dataset

from .distinct_images import distinct_images


def image_numbers(dataset: Dataset) -> np.ndarray:
    """Return the number of the image of every sample of a data set.

    Args:
        dataset: A data set, or any nesting that
            :func:`~hirl_mm.datasets.wrappers.leaves_of` knows.

    Returns:
        (S,) int64, for every sample the index of its image in
        :func:`~hirl_mm.datasets.distinct_images.distinct_images`. Samples
        that repeat an image have the same number.
    """
    images = distinct_images(dataset)
    starts = {
        id(leaf): start
        for leaf, start in zip(images.leaves, images.starts, strict=True)
    }
    return _numbers(dataset, starts)


def _numbers(
    dataset: BaseDataset
    | ConcatDataset
    | RepeatDataset
    | ClassBalancedDataset
    | KFoldDataset,
    starts: dict[int, int],
) -> np.ndarray:
    if id(dataset) in starts:
        return starts[id(dataset)] + np.arange(len(dataset))
    if isinstance(dataset, ConcatDataset):
        parts = [_numbers(part, starts) for part in dataset.datasets]
        return np.concatenate(parts)
    inner = _numbers(dataset.dataset, starts)
    if isinstance(dataset, RepeatDataset):
        return np.tile(inner, dataset.times)
    if isinstance(dataset, ClassBalancedDataset):
        return inner[np.asarray(dataset.repeat_indices)]
    return inner
