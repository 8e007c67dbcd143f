"""Drawing from many weights that change after every draw."""

from collections.abc import Sequence


class SumTree:
    """Weights with their prefix sums, both in O(log K) per change or search.

    The sums of pairs, of pairs of pairs and so on are stored, and computed
    anew along the path from a changed weight, so that rounding errors do not
    add up.

    Args:
        weights: K numbers of at least 0.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self._size = 1 << max(len(weights) - 1, 0).bit_length()
        padding = [0.0] * (self._size - len(weights))
        # The children of node i are 2 i and 2 i + 1; the root is 1.
        self._sums = [0.0] * self._size + [*weights, *padding]
        for node in range(self._size - 1, 0, -1):
            self._add_children(node)

    @property
    def total(self) -> float:
        """Sum of all weights."""
        return self._sums[1]

    def __setitem__(self, index: int, weight: float) -> None:
        node = self._size + index
        self._sums[node] = weight
        while node > 1:
            node //= 2
            self._add_children(node)

    def find(self, value: float) -> int:
        """Return the first index at which the prefix sum exceeds ``value``.

        Args:
            value: A number from 0 to below the total, which is positive.

        Returns:
            The index; its weight is positive.
        """
        node = 1
        while node < self._size:
            left, right = self._sums[2 * node], self._sums[2 * node + 1]
            node *= 2
            # After rounding, the value may reach a sum of zeros.
            if value >= left and right > 0:
                value -= left
                node += 1
        return node - self._size

    def _add_children(self, node: int) -> None:
        self._sums[node] = self._sums[2 * node] + self._sums[2 * node + 1]
