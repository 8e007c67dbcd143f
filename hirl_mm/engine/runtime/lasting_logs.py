"""Logs of a run that outlast the removal of their folder."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.visualization import LocalVisBackend
from mmengine.visualization.vis_backend import force_init_env

from hirl_mm.files import replacing
from hirl_mm.files.disk_errors import naming
from hirl_mm.registry import type_name

_LOCAL = 'LocalVisBackend'


class LastingLogFile(WatchedFileHandler):
    """A log file that is made again, with its folder, if it is removed.

    If it cannot be written, a warning says so once, on the terminal, which
    shows all other lines, too. They are missing in the file until it can be.

    Args:
        handler: Handler of the log file that this one replaces.
    """

    def __init__(self, handler: logging.FileHandler) -> None:
        handler.close()
        super().__init__(handler.baseFilename, encoding=handler.encoding)
        self.setFormatter(handler.formatter)
        self.setLevel(handler.level)
        for one in handler.filters:
            self.addFilter(one)
        self._has_failed = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            is_there = os.path.exists(self.baseFilename)
            super().emit(record)
        except OSError:
            self.handleError(record)
        else:
            if not is_there:
                MMLogger.get_current_instance().warning(
                    f'the log file {self.baseFilename} was removed, and is '
                    'made again: what it held is lost'
                )

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._has_failed:
            self._has_failed = True
            MMLogger.get_current_instance().warning(
                f'the log file {self.baseFilename} cannot be written: '
                f'{error.strerror}'
            )

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()


class LastingScalars(LocalVisBackend):
    """MMEngine's ``LocalVisBackend``, whose folder may be removed.

    Raises:
        OSError: If a file cannot be written, with its name. Scalars keep the
            lines that they had.
    """

    @force_init_env
    def add_config(self, config: Config, **kwargs: Any) -> None:
        with replacing(self._config_save_file) as temporary:
            config.dump(temporary)

    def _dump(
        self, value_dict: dict, file_path: str, file_format: str
    ) -> None:
        file = Path(file_path)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.stat().st_size if file.exists() else 0
        with naming(file, file):
            try:
                super()._dump(value_dict, file_path, file_format)
            except OSError:
                with suppress(OSError):
                    os.truncate(file, before)
                raise


def with_lasting_scalars(visualizer: Mapping | None) -> dict:
    """Return the config of a visualizer that writes :class:`LastingScalars`.

    Args:
        visualizer: Config of a visualizer, which is not changed; None for
            MMEngine's default. Backends of other classes stay.
    """
    default = dict(type='Visualizer', vis_backends=[dict(type=_LOCAL)])
    cfg = dict(visualizer or default)
    backends = cfg.get('vis_backends') or []
    if isinstance(backends, Mapping):
        backends = [backends]
    cfg['vis_backends'] = [
        dict(name=_LOCAL) | dict(backend, type=LastingScalars)
        if isinstance(backend, Mapping)
        and type_name(backend.get('type')) == _LOCAL
        else backend
        for backend in backends
    ]
    return cfg
