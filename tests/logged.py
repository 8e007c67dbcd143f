"""What a block logs."""

import logging
from contextlib import contextmanager

from mmengine.logging import MMLogger


def warnings_of(logger=None):
    """List of the warnings of a block, filled while it runs.

    Args:
        logger: MMEngine's logger; None for the current one.
    """
    return lines_of(logger, logging.WARNING)


@contextmanager
def lines_of(logger=None, level=logging.INFO):
    """List of the lines of a block, filled while it runs.

    Args:
        logger: MMEngine's logger; None for the current one.
        level: Level of the least important lines.
    """
    found = []
    handler = logging.Handler(level)
    handler.emit = lambda record: found.append(record.getMessage())
    logger = logger or MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(min(before, level))
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
