"""Paths and labels of many images in little memory."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence

import numpy as np


class ImageTable:
    """Paths of N images, and their labels if there are any.

    All paths are one array of bytes. A million of ImageNet's takes 45 MB
    instead of 105 MB of pickled annotations, and worker processes share it.
    A table is not changed after it was made.

    Args:
        paths: N paths.
        labels: (N,) classes of the images, integers; None without labels.
        root: What is before every path that is relative, such as a folder.

    Attributes:
        labels: (N,) int64, or None.

    Example:
        >>> table = ImageTable(['cat/1.png', 'dog/1.png'], [0, 1], 'data')
        >>> len(table), table.path(1), table.labels[1]
        (2, 'data/dog/1.png', 1)
        >>> table.take([1]).paths()
        ['data/dog/1.png']
    """

    def __init__(
        self,
        paths: Sequence[str],
        labels: Sequence[int] | None = None,
        root: str = '',
    ) -> None:
        self.root = root
        text = os.fsencode(''.join(f'{path}\0' for path in paths))
        self._text = np.frombuffer(text, dtype=np.uint8)
        size = np.uint32 if len(text) < 2**32 else np.int64
        self._ends = np.flatnonzero(self._text == 0).astype(size)
        if len(self._ends) != len(paths):
            raise ValueError('a path contains the character NUL')
        self._starts = np.concatenate([[0], self._ends[:-1] + 1]).astype(size)
        self._starts = self._starts[: len(paths)]
        self.labels = None
        if labels is not None:
            self.labels = np.asarray(labels, dtype=np.int64)
            if self.labels.shape != (len(paths),):
                raise ValueError(
                    f'{len(paths)} paths, but labels of the shape '
                    f'{self.labels.shape}'
                )

    def __len__(self) -> int:
        return len(self._ends)

    def path(self, index: int) -> str:
        """Return the path of an image; negative indices count from the end."""
        name = self._text[self._starts[index] : self._ends[index]]
        return os.path.join(self.root, os.fsdecode(name.tobytes()))

    def paths(self) -> list[str]:
        """Return the paths of all images."""
        if not self._is_whole():
            return list(map(self.path, range(len(self))))
        names = os.fsdecode(self._text.tobytes()).split('\0')[:-1]
        if not self.root:
            return names
        if (self._text[self._starts] == ord('/')).any():
            return [os.path.join(self.root, name) for name in names]
        start = os.path.join(self.root, '')
        return [start + name for name in names]

    def take(self, indices: Sequence[int] | slice) -> ImageTable:
        """Return the table of some of the images, which shares the text.

        Args:
            indices: Numbers of the images in the order of the result.
        """
        if not isinstance(indices, slice):
            indices = np.asarray(indices, dtype=np.int64)
        part = copy.copy(self)
        part._starts, part._ends = self._starts[indices], self._ends[indices]
        if self.labels is not None:
            part.labels = self.labels[indices]
        return part

    def with_labels(self, labels: Sequence[int]) -> ImageTable:
        """Return a table of the same images with other labels, (N,)."""
        table = copy.copy(self)
        table.labels = np.asarray(labels, dtype=np.int64)
        return table

    def __deepcopy__(self, memo: dict) -> ImageTable:
        return self

    def _is_whole(self) -> bool:
        """Whether the images are all those of the text, in its order."""
        if not len(self):
            return not len(self._text)
        return (
            self._starts[0] == 0
            and self._ends[-1] == len(self._text) - 1
            and np.array_equal(self._starts[1:], self._ends[:-1] + 1)
        )
