"""Where thumbnails are in the sheets of a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .thumbnails import PER_SHEET


@dataclass(frozen=True, eq=False)
class ThumbnailCells:
    """Thumbnails of nodes, one after the other, in sheets of 256.

    Args:
        samples: (K, m), numbers of the images of every node; -1 for none,
            after or between the others.

    Example:
        >>> cells = ThumbnailCells(np.array([[5, -1], [7, 8]]))
        >>> cells.flat, cells.first
        (array([5, 7, 8]), array([0, 1, 3]))
    """

    samples: np.ndarray

    @cached_property
    def flat(self) -> np.ndarray:
        """Numbers of the images of all thumbnails."""
        return self.samples[self.samples >= 0]

    @cached_property
    def first(self) -> np.ndarray:
        """(K + 1,), where the thumbnails of every node begin."""
        counts = (self.samples >= 0).sum(1)
        return np.concatenate([[0], np.cumsum(counts)])

    def sheets(self) -> Iterator[list[int]]:
        """Yield the numbers of the images of every sheet."""
        for start in range(0, len(self.flat), PER_SHEET):
            yield self.flat[start : start + PER_SHEET].tolist()
