"""How far the trainings of running runs are, from the ends of their logs."""

import re
import time
from collections.abc import Iterable, Iterator

from .grid_run import GridRun, Key

LOG_FILE = 'train.log'
_EPOCH = re.compile(
    r'Epoch\(train\) *\[ *(\d+)\].*?eta: (.*?)  .*?\bloss: ([-\d.naif]+)'
)
# Enough for a line of a training with many losses, and of a tree.
_END = 8192


class ProgressLines:
    """Tell where running trainings are, from time to time.

    Args:
        seconds: Time between two looks.
    """

    def __init__(self, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._next = time.monotonic() + seconds
        self._told: dict[Key, str] = {}

    def new(self, runs: Iterable[GridRun]) -> Iterator[tuple[GridRun, str]]:
        """Yield runs and their progress, if it is time and that is new.

        Args:
            runs: The runs that are being made.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._seconds
        for run in runs:
            line = progress_line(run)
            if line and self._told.get(run.key) != line:
                self._told[run.key] = line
                yield run, line


def progress_line(run: GridRun) -> str | None:
    """Return epoch, time left and loss of a training.

    Args:
        run: A run whose log may not exist yet.

    Returns:
        Such as ``'epoch 7, eta: 0:02:13, loss 4.97'``; None if the end of the
        log has no line of an epoch.
    """
    try:
        with (run.folder / LOG_FILE).open('rb') as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - _END, 0))
            text = file.read().decode(errors='replace')
    except FileNotFoundError:
        return None
    found = _EPOCH.findall(text)
    if not found:
        return None
    epoch, eta, loss = found[-1]
    return f'epoch {epoch}, eta: {eta}, loss {float(loss):.2f}'
