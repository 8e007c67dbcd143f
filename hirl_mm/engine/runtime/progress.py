from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from mmengine.logging import MMLogger

from hirl_mm.engine.watch.signs_of_life import SIGNS
from hirl_mm.progress import time_left_if_due

Item = TypeVar('Item')


def logged_progress(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Yield ``items`` and log the progress and the time left.

    Every item is a sign of life for ranks that watch this one.

    Args:
        items: An iterable with a length, such as a data loader.
        what: Name of the work in the log line.
    """
    assert isinstance(items, Sized)
    logger = MMLogger.get_current_instance()
    time_left = time_left_if_due()
    SIGNS.begin(what)
    for done, item in enumerate(items, start=1):
        yield item
        SIGNS.tick()
        left = time_left(done / len(items))
        if left is not None:
            logger.info(f'{what}: {done}/{len(items)} batches, eta: {left}')


def logged_share(what: str) -> Callable[[float], None]:
    """Return a function that logs the completed share of some work.

    Every call is a sign of life for ranks that watch this one.

    Call the function with the share, in [0, 1]. It logs the share and an
    upper bound of the time left, which assumes that all of the rest is done,
    at the same speed.

    Args:
        what: Name of the work in the log line.
    """
    logger = MMLogger.get_current_instance()
    time_left = time_left_if_due()
    SIGNS.begin(what)

    def log(share: float) -> None:
        SIGNS.tick()
        left = time_left(share)
        if left is not None:
            logger.info(f'{what}: {share:.0%}, eta at most: {left}')

    return log
