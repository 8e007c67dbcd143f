"""Paths and labels of many images in little memory."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence

import numpy as np

from hirl_mm.structures.name_column import NameColumn


class ImageTable:
    """Paths of N images, and their labels if there are any.

    A million of ImageNet's takes 45 MB instead of 105 MB of pickled
    annotations, and worker processes share it. A table is not changed after
    it was made.

    Args:
        paths: N paths.
        labels: (N,) classes of the images, integers; None without labels.
        root: What is before every path that is relative, such as a folder.

    Attributes:
        labels: (N,) int64, or None.

    Example:
        >>> table = ImageTable(['cat/1.png', 'dog/1.png'], [0, 1], 'data')
        >>> len(table), table.path(1), int(table.labels[1])
        (2, 'data/dog/1.png', 1)
        >>> table.take([1]).paths()
        ['data/dog/1.png']
    """

    def __init__(
        self,
        paths: Sequence[str],
        labels: Sequence[int] | np.ndarray | None = None,
        root: str = '',
    ) -> None:
        self.root = root
        self._names = (
            paths if isinstance(paths, NameColumn) else NameColumn(paths)
        )
        self.labels: np.ndarray | None = None
        if labels is not None:
            self.labels = np.asarray(labels, dtype=np.int64)
            if self.labels.shape != (len(paths),):
                raise ValueError(
                    f'{len(paths)} paths, but labels of the shape '
                    f'{self.labels.shape}'
                )

    def __len__(self) -> int:
        return len(self._names)

    def path(self, index: int) -> str:
        """Return the path of an image; negative indices count from the end."""
        return os.path.join(self.root, self._names[index])

    def paths(self) -> list[str]:
        """Return the paths of all images."""
        if not self.root:
            return list(self._names)
        start = os.path.join(self.root, '')
        return [
            name if name[:1] == '/' else start + name for name in self._names
        ]

    def take(self, indices: Sequence[int] | slice) -> ImageTable:
        """Return the table of some of the images, which shares the text.

        Args:
            indices: Numbers of the images in the order of the result.
        """
        chosen: slice | np.ndarray
        if isinstance(indices, slice):
            chosen = indices
        else:
            chosen = np.asarray(indices, dtype=np.int64)
        part = copy.copy(self)
        part._names = self._names.take(chosen)
        if self.labels is not None:
            part.labels = self.labels[chosen]
        return part

    def with_labels(self, labels: Sequence[int] | np.ndarray) -> ImageTable:
        """Return a table of the same images with other labels, (N,)."""
        table = copy.copy(self)
        table.labels = np.asarray(labels, dtype=np.int64)
        return table

    def __deepcopy__(self, memo: dict) -> ImageTable:
        return self
