"""Share of the distances of a clustering that were computed in float32."""

from torch import Tensor


class SearchedShare:
    """Count of the distances that were computed in float32, of all distances.

    The counts stay on the device until the share is read, so that counting
    does not wait for it.
    """

    def __init__(self) -> None:
        self._searched: int | Tensor = 0
        self._all = 0

    def add(self, searched: int | Tensor, total: int) -> None:
        """Add the counts of an assignment.

        Args:
            searched: Number of distances that were computed in float32, or a
                tensor (1,) of it.
            total: Number of rows times number of centroids.
        """
        self._searched = self._searched + searched
        self._all += total

    @property
    def share(self) -> float | None:
        """Share from 0 to 1; None if no distances were counted."""
        return int(self._searched) / self._all if self._all else None
