"""A stopwatch for parts that may lie within each other."""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from benchmarks.common.timing import synchronize

OTHER = 'other'


class Stopwatch:
    """Seconds per part; time in an inner part does not count for the outer.

    Args:
        device: Device to wait for wherever a part begins or ends.
        clock: Function that returns seconds.
        parts: Names of the parts; all start at 0 seconds.

    Attributes:
        seconds: Seconds per part so far.
    """

    def __init__(
        self, device: str, clock: Callable[[], float], parts: Sequence[str]
    ) -> None:
        self.device = device
        self.clock = clock
        self.seconds = dict.fromkeys(parts, 0.0)
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of the block for this part."""
        self._book()
        self._running.append(name)
        try:
            yield
        finally:
            self._book()
            self._running.pop()

    def timed(self, part: str, function: Callable) -> Callable:
        """Return the function with its calls counted for this part."""

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.part(part):
                return function(*args, **kwargs)

        return wrapped

    def _book(self) -> None:
        """Add the time since the last change to the innermost open part."""
        synchronize(self.device)
        now = self.clock()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now
