"""Drawing the clusters to split as faiss does, at a cost of sqrt(K) each."""

import math

import numpy as np
from numpy.typing import ArrayLike

# The largest probability that has a finite length on the line.
_NEARLY_CERTAIN = np.nextafter(1, 0)


class SplitDraws:
    """Number of members of every cluster, and random draws of them.

    faiss goes through the K clusters in order, again and again, until one is
    taken; a cluster of n members is taken with probability
    p = (n - 1) / (N - K), where N is the number of all members. Then
    -log(1 - p) is the length of the cluster on a line that is walked again
    and again, and the walk ends after an exponentially distributed distance.
    Sums over blocks of clusters find its end without a pass over all.

    Args:
        counts: (K,), number of members of each cluster.

    Attributes:
        counts: (K,) int64, number of members of each cluster.
    """

    def __init__(self, counts: ArrayLike) -> None:
        self.counts = np.array(counts, dtype=np.int64)
        num = len(self.counts)
        self._spare = max(int(self.counts.sum()) - num, 1)
        self._width = math.isqrt(num - 1) + 1
        lengths = np.zeros(self._width * self._width)
        lengths[:num] = self._lengths(self.counts)
        self._blocks = lengths.reshape(self._width, self._width)
        self._sums = self._blocks.sum(axis=1)

    def draw(self, uniform: float) -> int | None:
        """Draw a cluster with at least two members.

        Args:
            uniform: Random number in [0, 1).

        Returns:
            Index of the cluster; None if there is none.
        """
        ends = np.cumsum(self._sums)
        if ends[-1] == 0:
            return None
        place = -math.log1p(-uniform) % ends[-1]
        row = int(np.searchsorted(ends, place, side='right'))
        row = min(row, np.flatnonzero(self._sums)[-1])
        place -= ends[row - 1] if row else 0
        block = self._blocks[row]
        column = int(np.searchsorted(np.cumsum(block), place, side='right'))
        column = min(column, np.flatnonzero(block)[-1])
        return row * self._width + column

    def move_half(self, donor: int, empty: int) -> None:
        """Give half of the members of one cluster to another, empty one."""
        self.counts[empty] = self.counts[donor] // 2
        self.counts[donor] -= self.counts[empty]
        for index in (donor, empty):
            row, column = divmod(index, self._width)
            self._blocks[row, column] = self._lengths(self.counts[index])
            self._sums[row] = self._blocks[row].sum()

    def _lengths(self, counts: np.ndarray) -> np.ndarray:
        taken = np.clip((counts - 1) / self._spare, 0, _NEARLY_CERTAIN)
        return -np.log1p(-taken)
