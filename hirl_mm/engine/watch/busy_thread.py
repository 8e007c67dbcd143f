import time

# Seconds of a processor in which a thread counts as working.
_LEAST = 0.001


class BusyThread:
    """Whether a thread computes, or waits for a disk, a network or a lock.

    Listing images on a slow disk computes a little all the time; a thread
    that hangs does not at all.

    Args:
        thread: Identifier of a thread of this process. It always works where
            the system does not tell the times of threads.
    """

    def __init__(self, thread: int) -> None:
        self._clock = None
        if hasattr(time, 'pthread_getcpuclockid'):
            self._clock = time.pthread_getcpuclockid(thread)
        self._last = 0.0

    def read(self) -> bool:
        """Return whether it has worked since this last returned True."""
        if self._clock is None:
            return True
        seconds = time.clock_gettime(self._clock)
        if seconds - self._last < _LEAST:
            return False
        self._last = seconds
        return True
