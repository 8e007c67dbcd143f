import logging
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from hirl_mm.engine.watch.rank_watch import RankWatch
from hirl_mm.files import replacing

from .lasting_logs import LastingLogFile, with_lasting_scalars

# Beginnings of what a Runner logs before it trains, hundreds of lines.
_LONG = 'Config:\n', 'Hooks will be executed in the following order'
_ENVIRONMENT = 'System environment:'


class BriefRunner(Runner):
    """A Runner that leaves config, environment and hooks to the log file.

    An error before the training would otherwise stand below hundreds of
    lines of the terminal. The log file has them all. If the work folder is
    removed, log file and scalars are made again, see
    :mod:`~hirl_mm.engine.runtime.lasting_logs`.

    In a block of a :class:`~hirl_mm.engine.watch.rank_watch.RankWatch`, its
    ranks are watched as soon as they have found each other.
    """

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the logger, see MMEngine."""
        logger = super().build_logger(*args, **kwargs)
        for i, handler in enumerate(logger.handlers):
            if type(handler) is logging.FileHandler:
                logger.handlers[i] = LastingLogFile(handler)
            elif not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_short)
        if RankWatch.current is not None:
            RankWatch.current.start(logger)
        logger.info(f'config, environment and hooks are in {self.log_dir}')
        return logger

    def build_visualizer(
        self, visualizer: Visualizer | dict | None = None
    ) -> Visualizer:
        """Build the visualizer, see MMEngine."""
        if not isinstance(visualizer, Visualizer):
            visualizer = with_lasting_scalars(visualizer)
        return super().build_visualizer(visualizer)

    @master_only
    def dump_config(self) -> None:
        """Write the config to the work folder, whole or not at all."""
        name = Path(self.cfg.filename or f'{self.timestamp}.py').name
        with replacing(Path(self.work_dir, name)) as temporary:
            self.cfg.dump(temporary)


def _is_short(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    return not text.startswith(_LONG) and _ENVIRONMENT not in text[:100]
