import time


class AwakeClock:
    """Seconds since the first reading, without those of long interruptions.

    Args:
        most: Seconds that a reading adds at most.
    """

    def __init__(self, most: float) -> None:
        self._most = most
        self._seconds = 0.0
        self._last = time.monotonic()

    def read(self) -> float:
        """Return the seconds."""
        now = time.monotonic()
        self._seconds += min(now - self._last, self._most)
        self._last = now
        return self._seconds
