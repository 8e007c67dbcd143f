"""The images that a data set draws its samples from, each once."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from mmengine.dataset import BaseDataset
from torch.utils.data import Dataset

from .subset import subset_of
from .wrappers import leaves_of


class DistinctImages(Dataset):
    """The images of one or several data sets, numbered from 0 to N - 1.

    A concatenation of data sets has the images of the first data set, then
    those of the second, and so on. An image that a data set repeats is one
    image here.

    Args:
        leaves: Data sets with annotations of their own.

    Attributes:
        leaves: These data sets.
        starts: Number of the first image of every data set.
    """

    def __init__(self, leaves: Sequence[BaseDataset]) -> None:
        self.leaves = tuple(leaves)
        ends = [0, *accumulate(map(len, self.leaves))]
        self.starts, self._num = tuple(ends[:-1]), ends[-1]

    def __len__(self) -> int:
        return self._num

    def __getitem__(self, idx: int) -> Any:
        leaf, idx_in_leaf = self._place(idx)
        return leaf[idx_in_leaf]

    def get_data_info(self, idx: int) -> dict:
        """Return the annotation of an image, with its ``sample_idx`` here.

        Args:
            idx: Number of the image.
        """
        leaf, idx_in_leaf = self._place(idx)
        return leaf.get_data_info(idx_in_leaf) | dict(sample_idx=idx)

    def infos(self) -> Iterator[dict]:
        """Iterate over the annotations of all images, in order."""
        for leaf in self.leaves:
            yield from map(leaf.get_data_info, range(len(leaf)))

    def name(self, idx: int) -> str:
        """Return the path of an image, or its place if it is an array.

        Args:
            idx: Number of the image.
        """
        leaf, idx_in_leaf = self._place(idx)
        return image_name(leaf.get_data_info(idx_in_leaf), type(leaf).__name__)

    def get_subset(self, indices: Sequence[int]) -> DistinctImages:
        """Return some of the images, numbered anew from 0.

        Args:
            indices: Numbers of the images, in ascending order.
        """
        parts = []
        ends = (*self.starts[1:], self._num)
        for leaf, start, end in zip(
            self.leaves, self.starts, ends, strict=True
        ):
            first, last = (
                bisect.bisect_left(indices, i) for i in (start, end)
            )
            if first < last:
                inside = [idx - start for idx in indices[first:last]]
                parts.append(subset_of(leaf, inside))
        return DistinctImages(parts)

    def _place(self, idx: int) -> tuple[BaseDataset, int]:
        """Return the data set of an image and its index there."""
        if not 0 <= idx < self._num:
            raise IndexError(f'image {idx} of {self._num} images')
        number = bisect.bisect_right(self.starts, idx) - 1
        return self.leaves[number], idx - self.starts[number]

    @property
    def metainfo(self) -> dict:
        """Meta information of the first data set."""
        return self.leaves[0].metainfo

    @property
    def CLASSES(self) -> tuple[str, ...] | None:
        """Names of the classes, the same in all data sets.

        Raises:
            ValueError: If the data sets have different classes.
        """
        names = [_classes_of(leaf) for leaf in self.leaves]
        for leaf, other in zip(self.leaves, names, strict=True):
            if other != names[0]:
                raise ValueError(
                    'data sets that are read as one need the same classes, '
                    f'got {_shown(names[0])} in {self.leaves[0].data_root} '
                    f'and {_shown(other)} in {leaf.data_root}: give all of '
                    'them the same folders of classes, or set '
                    'metainfo=dict(classes=...) and an annotation file in '
                    'each'
                )
        return names[0]

    @property
    def has_same_classes(self) -> bool:
        """Whether all data sets have the same classes."""
        return len({_classes_of(leaf) for leaf in self.leaves}) == 1

    @property
    def data_root(self) -> str:
        """The folder that all data sets have in common, empty for none."""
        roots = [leaf.data_root or '' for leaf in self.leaves]
        if len(roots) == 1:
            return roots[0]
        try:
            return os.path.commonpath(roots)
        except ValueError:  # absolute and relative paths, or no folders
            return ''


def distinct_images(dataset: Dataset) -> DistinctImages:
    """Return the images that a data set draws its samples from.

    Args:
        dataset: A data set, or any nesting that
            :func:`~hirl_mm.datasets.wrappers.leaves_of` knows. It is not
            changed.

    Raises:
        ValueError: If it is not known which images the data set reads.
    """
    if isinstance(dataset, DistinctImages):
        return dataset
    return DistinctImages(leaves_of(dataset))


def simplest(images: DistinctImages) -> BaseDataset | DistinctImages:
    """Return the only data set that images are of, or the images.

    Args:
        images: The images of one or several data sets.
    """
    return images.leaves[0] if len(images.leaves) == 1 else images


def image_name(info: dict, kind: str) -> str:
    """Return the path of an image, or its place if it is an array.

    Args:
        info: Annotation of the image.
        kind: Name of the class of the data set that has the annotation.

    Returns:
        A path, or text such as ``'CIFAR10[17]'``.
    """
    path = info.get('img_path')
    if path is not None:
        return str(path)
    return f'{kind}[{info.get("sample_idx")}]'


def _classes_of(leaf: BaseDataset) -> tuple[str, ...] | None:
    names = leaf.metainfo.get('classes')
    return None if names is None else tuple(names)


def _shown(names: Sequence[str] | None) -> str:
    if names is None:
        return 'no names of classes'
    rest = ', ...' if len(names) > 5 else ''
    return f'{", ".join(map(str, names[:5]))}{rest}'
