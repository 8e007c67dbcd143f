"""The time that a run of several starts has taken."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any, TypedDict

from hirl_mm.files import replacing

_FILE = 'spent.json'
_SECONDS_BETWEEN_BEATS = 5.0


class SpentSeconds(TypedDict):
    """The time of a run, and that of its processors."""

    seconds: float
    cpu_seconds: float


class SpentTime:
    """Count the seconds of a run over all of its starts.

    While it counts, it writes the sums into the folder of the run every few
    seconds, so that a start that is killed loses no more than these.

    Args:
        folder: Work folder of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = spent_seconds(folder)
        self._began = time.monotonic(), _cpu_seconds()
        self._ended = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> 'SpentTime':
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self.write()

    def write(self) -> SpentSeconds:
        """Write and return the sums, see :func:`spent_seconds`."""
        begin, cpu_begin = self._began
        seconds = self._before['seconds'] + time.monotonic() - begin
        cpu_seconds = self._before['cpu_seconds'] + _cpu_seconds() - cpu_begin
        spent = SpentSeconds(
            seconds=round(seconds, 1), cpu_seconds=round(cpu_seconds, 1)
        )
        with self._lock, replacing(self.folder / _FILE) as temporary:
            temporary.write_text(json.dumps(spent) + '\n')
        return spent

    def _beat(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN_BEATS):
            self.write()


def spent_seconds(folder: Path) -> SpentSeconds:
    """Return ``seconds`` and ``cpu_seconds`` that a run has taken so far.

    Args:
        folder: Work folder of the run; it need not exist.
    """
    file = folder / _FILE
    if not file.is_file():
        return SpentSeconds(seconds=0.0, cpu_seconds=0.0)
    return json.loads(file.read_text())


def _cpu_seconds() -> float:
    """CPU time of this process, its threads and its ended children."""
    times = os.times()
    return sum(times[:4])
