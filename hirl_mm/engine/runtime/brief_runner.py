import logging

from mmengine.logging import MMLogger
from mmengine.runner import Runner

from hirl_mm.engine.watch.rank_watch import RankWatch

# Beginnings of what a Runner logs before it trains, hundreds of lines.
_LONG = 'Config:\n', 'Hooks will be executed in the following order'
_ENVIRONMENT = 'System environment:'


class BriefRunner(Runner):
    """A Runner that leaves config, environment and hooks to the log file.

    An error before the training would otherwise stand below hundreds of
    lines of the terminal. The log file has them all.

    In a block of a :class:`~hirl_mm.engine.watch.rank_watch.RankWatch`, its
    ranks are watched as soon as they have found each other.
    """

    def build_logger(self, *args, **kwargs) -> MMLogger:
        """Build the logger, see MMEngine."""
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_short)
        if RankWatch.current is not None:
            RankWatch.current.start(logger)
        logger.info(f'config, environment and hooks are in {self.log_dir}')
        return logger


def _is_short(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    return not text.startswith(_LONG) and _ENVIRONMENT not in text[:100]
