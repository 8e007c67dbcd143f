import time
from collections.abc import Callable, Iterable, Iterator, Sized
from datetime import timedelta
from typing import TypeVar

from mmengine.logging import MMLogger

Item = TypeVar('Item')
# Work that takes less than this is silent.
_SECONDS_BETWEEN_LINES = 10.0


def logged_progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Pass on ``items`` and log how far they are and how long they take.

    Args:
        items: Something with a length, such as a data loader.
        what: Names the work in the log line.
    """
    assert isinstance(items, Sized)
    logger = MMLogger.get_current_instance()
    time_left = _now_and_then()
    for done, item in enumerate(items, start=1):
        yield item
        left = time_left(done / len(items))
        if left is not None:
            logger.info(f'{what}: {done}/{len(items)} batches, eta: {left}')


def logged_share(what: str) -> Callable[[float], None]:
    """Something to call with the share of some work that is done.

    It logs the share and how long the rest takes at most, if all of it is
    done at the same speed.

    Args:
        what: Names the work in the log line.
    """
    logger = MMLogger.get_current_instance()
    time_left = _now_and_then()

    def log(share: float) -> None:
        left = time_left(share)
        if left is not None:
            logger.info(f'{what}: {share:.0%}, eta at most: {left}')

    return log


def _now_and_then() -> Callable[[float], timedelta | None]:
    """From the share that is done to the time left, None until it is due."""
    began = last = time.monotonic()

    def time_left(share: float) -> timedelta | None:
        nonlocal last
        now = time.monotonic()
        if now - last < _SECONDS_BETWEEN_LINES:
            return None
        last = now
        return timedelta(seconds=round((now - began) / share * (1 - share)))

    return time_left
