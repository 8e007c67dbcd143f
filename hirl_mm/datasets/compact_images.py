from collections.abc import Mapping, Sequence

import numpy as np
from mmpretrain.datasets import CustomDataset

from hirl_mm.datasets.image_table import ImageTable


class CompactImages(CustomDataset):
    """Base class of data sets that keep paths and labels in a table.

    MMEngine pickles the annotation of every image, which takes seconds and
    twice the memory for a million images. Here an annotation is made when it
    is asked for; it is the same dictionary.

    Args:
        **kwargs: Arguments of ``CustomDataset``. ``serialize_data`` has no
            effect.

    Attributes:
        images: Table of the images, with their whole paths.
    """

    images: ImageTable
    _fully_initialized: bool

    def load_table(self) -> ImageTable:
        """Return all images; subclasses define it."""
        raise NotImplementedError

    def full_init(self) -> None:
        if self._fully_initialized:
            return
        self.images = self.load_table()
        self._fully_initialized = True
        if self._indices is not None:
            self.get_subset_(self._indices)

    def __len__(self) -> int:
        self.full_init()
        return len(self.images)

    def get_data_info(self, idx: int) -> dict:
        self.full_init()
        info: dict = dict(img_path=self.images.path(idx))
        if self.images.labels is not None:
            info['gt_label'] = int(self.images.labels[idx])
        info['sample_idx'] = idx if idx >= 0 else len(self) + idx
        return info

    def get_gt_labels(self) -> np.ndarray:
        self.full_init()
        if self.images.labels is None:
            raise KeyError('gt_label')
        return self.images.labels.copy()

    def get_subset_(self, indices: Sequence[int] | int) -> None:
        """Keep some of the images, numbered anew from 0.

        Args:
            indices: Numbers of the images; or a number of images, the first
                ones, or the last ones if it is negative.
        """
        self.full_init()
        chosen: Sequence[int] | slice
        if isinstance(indices, int):
            end = indices >= 0
            chosen = slice(indices) if end else slice(indices, None)
        else:
            chosen = indices
        self.images = self.images.take(chosen)

    def get_subset(self, indices: Sequence[int] | int) -> 'CompactImages':
        """Return a copy that has some of the images, see get_subset_."""
        self.full_init()
        part = self._copy_without_annotation({})
        part.get_subset_(indices)
        return part

    def relabel(self, table: Mapping[int, int]) -> None:
        """Change the labels in place.

        Args:
            table: New label of every label.
        """
        self.full_init()
        if self.images.labels is None:
            return
        old, places = np.unique(self.images.labels, return_inverse=True)
        new = np.array([table[label] for label in old.tolist()], dtype=int)
        self.images = self.images.with_labels(new[places])


def image_paths(dataset: CustomDataset) -> list[str] | None:
    """Return the paths of all images without asking for every annotation.

    Args:
        dataset: Any data set.

    Returns:
        The paths; None if only the annotations tell them.
    """
    images = _table_of(dataset)
    return None if images is None else images.paths()


def image_labels(dataset: CustomDataset) -> list[int | None] | None:
    """Return the labels of all images without asking for every annotation.

    Args:
        dataset: Any data set.

    Returns:
        The labels, None for each image without labels; None if only the
        annotations tell them.
    """
    images = _table_of(dataset)
    if images is None:
        return None
    if images.labels is None:
        return [None] * len(images)
    return images.labels.tolist()


def _table_of(dataset: CustomDataset) -> ImageTable | None:
    """Return the table of a data set whose annotations are those of it."""
    own = getattr(type(dataset), 'get_data_info', None)
    if own is not CompactImages.get_data_info:
        return None
    dataset.full_init()
    return dataset.images
