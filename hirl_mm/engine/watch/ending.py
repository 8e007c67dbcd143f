import os
import sys
import threading
from logging import Logger

# Seconds in which a log is written.
_LOG_WITHIN = 10.0


def end_process(text: str, logger: Logger) -> None:
    """Log an error and end with exit status 1, whatever other threads do.

    Args:
        text: The error.
        logger: Logger whose streams are flushed.
    """

    def log() -> None:
        logger.error(text)
        for stream in sys.stdout, sys.stderr:
            stream.flush()

    # The main thread may hang while it holds the lock of a log.
    writer = threading.Thread(target=log, daemon=True)
    writer.start()
    writer.join(_LOG_WITHIN)
    os._exit(1)
