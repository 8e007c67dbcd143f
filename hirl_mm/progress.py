"""Showing how far some work is, and how long it will still take."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

Item = TypeVar('Item')
# Work that takes less time than this logs nothing.
_SECONDS_BETWEEN_LINES = 10.0


def shown_progress(
    items: Sequence[Item], what: str, log: Callable[[str], None]
) -> Iterator[Item]:
    """Yield items and show the progress and the time left.

    In a terminal this is a bar on the standard error. Elsewhere, such as in
    the log of a job, it is a line every ten seconds.

    Args:
        items: What the work consists of.
        what: Name of the work.
        log: Function that writes a line of text.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        yield from track(items, what, console=console, transient=True)
        return
    time_left = time_left_if_due()
    for done, item in enumerate(items, start=1):
        yield item
        left = time_left(done / len(items))
        if left is not None:
            log(f'{what}: {done}/{len(items)}, eta: {left}')


def time_left_if_due() -> Callable[[float], timedelta | None]:
    """Return a function from the completed share to the time left.

    It returns None if the last value is less than ten seconds old.
    """
    began = last = time.monotonic()

    def time_left(share: float) -> timedelta | None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES:
            return None
        last = now
        return timedelta(seconds=round((now - began) / share * (1 - share)))

    return time_left
