"""What a block logs."""

import logging
from contextlib import contextmanager

from mmengine.logging import MMLogger


@contextmanager
def warnings_of(logger=None):
    """List of the warnings of a block, filled while it runs.

    Args:
        logger: MMEngine's logger; None for the current one.
    """
    found = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: found.append(record.getMessage())
    logger = logger or MMLogger.get_current_instance()
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
