"""What a run has logged, as curves over its epochs."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..run_folder import RunFolder, read_scalars
from .logged import POSITION
from .start_log import StartLog, read_start

Curves = dict[str, dict[float, float]]


@dataclass(frozen=True)
class RunRecord:
    """What a run has logged.

    Args:
        name: Name of the run in tables and legends.
        folder: Its work folder.
        curves: Values by metric and position, ascending. Positions are
            epochs, with fractions for the lines of the training, or
            iterations.
        unit: ``'epoch'`` or ``'iteration'``, the unit of the positions.
        starts: One entry per start of the run.
        broken: What of the log could not be read, in words.
    """

    name: str
    folder: Path
    curves: Mapping[str, Mapping[float, float]]
    unit: str
    starts: tuple[StartLog, ...]
    broken: tuple[str, ...] = ()

    @property
    def position(self) -> float:
        """Last epoch or iteration of the log, 0 for an empty one."""
        return max((max(c) for c in self.curves.values() if c), default=0)

    def last(self, metric: str) -> float | None:
        """Return the last value of a metric; None if there is none."""
        values = self.curves.get(metric)
        return values[max(values)] if values else None


def read_record(folder: str | os.PathLike, name: str) -> RunRecord:
    """Read the logs of a run, which may have been killed or resumed.

    If a resumed run logged a part again, the later start counts: all that
    earlier starts logged from there on is dropped.

    Args:
        folder: Work folder of the run.
        name: Name of the run in tables and legends.

    Raises:
        FileNotFoundError: If the folder holds neither a log nor a config.
    """
    folder = Path(folder)
    starts, logs, broken = [], [], []
    for file in sorted(folder.glob('*/vis_data/scalars.json')):
        starts.append(read_start(file.parents[1]))
        try:
            logs.append(read_scalars(file))
        except ValueError as error:
            broken.append(f'{error}')
            logs.append([])
    if not starts:
        _check_is_run(folder)
    by_epoch = any('epoch' in line for log in logs for line in log)
    by_epoch |= not any('iter' in line for log in logs for line in log)
    curves: Curves = {}
    for log, start in zip(logs, starts, strict=True):
        length = start.epoch_length or _epoch_length(log)
        new = _curves(log, length if by_epoch else None)
        _replace(curves, new)
    curves = {name: dict(sorted(c.items())) for name, c in curves.items()}
    return RunRecord(
        name,
        folder,
        {name: curve for name, curve in curves.items() if curve},
        'epoch' if by_epoch else 'iteration',
        tuple(starts),
        tuple(broken),
    )


def _check_is_run(folder: Path) -> None:
    """Raise FileNotFoundError for a folder without a log and a config."""
    try:
        RunFolder(folder).config_file()
    except FileNotFoundError:
        logs = folder.glob('*/*/vis_data/scalars.json')
        runs = sorted({str(log.parents[2]) for log in logs})
        if not runs:
            raise
        raise FileNotFoundError(
            f'{folder} holds no run itself, but {len(runs)} of its folders '
            f'do. Give them: {" ".join(runs[:6])}'
        ) from None


def _replace(curves: Curves, new: Curves) -> None:
    """Add the curves of a later start, which replace what it repeats."""
    begin = min((min(curve) for curve in new.values()), default=math.inf)
    for name, curve in curves.items():
        curves[name] = {x: y for x, y in curve.items() if x < begin}
    for name, curve in new.items():
        curves.setdefault(name, {}).update(curve)


def _curves(log: list[dict], epoch_length: int | None) -> Curves:
    curves: Curves = {}
    for line in log:
        position = _position(line, epoch_length)
        if position is None:
            continue
        for name, value in line.items():
            is_number = isinstance(value, (int, float))
            if name not in POSITION and is_number:
                curves.setdefault(name, {})[position] = float(value)
    return curves


def _position(line: dict, epoch_length: int | None) -> float | None:
    """Epoch of a line, with its fraction; the iteration without a length."""
    if epoch_length is None or 'epoch' not in line:
        return line.get('step')
    done = line['iter'] / epoch_length
    # A resumed run with another batch size does not count from the start.
    return min(max(done, line['epoch'] - 1), line['epoch'])


def _epoch_length(log: list[dict]) -> int:
    """Iterations per epoch, as far as the lines of a training tell."""
    lines = [line for line in log if line.get('epoch') and 'iter' in line]
    lengths = [math.ceil(ln['iter'] / ln['epoch']) for ln in lines]
    return max([1, *lengths])
