"""How fast grows what a long run uses, with intervals, table and picture."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from benchmarks.common.usage import UNITS
from hirl_mm.files import replacing
from hirl_mm.studies.grid.intervals import LEVEL
from hirl_mm.tables import aligned_table

# Epochs in which a process fills its caches.
WARM_UP = 10
# Epochs of a slope. Successive epochs are alike, so that an interval from
# each of them would be too short; it is that of the means of few blocks.
PER_EPOCHS = 100
BLOCKS = 20


def slopes(rows: Sequence[dict]) -> dict[str, dict]:
    """Return the slope of everything that rows tell of, over their last half.

    A run that was resumed has rows of several processes, which need not use
    the same: all have one slope, but each its own level. The first epochs of
    a process do not count.

    Args:
        rows: Figures by name, one row per epoch in their order, with
            ``epoch`` and ``process``, the number of the process.

    Returns:
        By name: ``slope``, what is added in 100 epochs; ``low`` and ``high``,
        its 95 % interval by Student's t over the means of blocks of epochs;
        and ``mean``, the mean level. What too few epochs do not tell is None.
    """
    half = rows[len(rows) // 2 :]
    names = [name for name in UNITS if name in rows[0]]
    blocks = _blocks(_settled(rows, half), names)
    points = np.concatenate([np.zeros((0, 1 + len(names))), *blocks])
    degrees = len(points) - len(blocks) - 1
    return {
        name: dict(
            _slope(points[:, 0], points[:, column], degrees),
            mean=float(np.mean([row[name] for row in half])),
        )
        for column, name in enumerate(names, 1)
    }


def _slope(epochs: np.ndarray, values: np.ndarray, degrees: int) -> dict:
    """Return slope and interval of points (b,) around 0."""
    found = dict(slope=None, low=None, high=None)
    square = float(epochs @ epochs)
    if square:
        slope = float(epochs @ values) / square
        found['slope'] = PER_EPOCHS * slope
    if square and degrees > 0:
        rest = values - slope * epochs
        error = math.sqrt(float(rest @ rest) / degrees / square)
        margin = stats.t.ppf((1 + LEVEL) / 2, degrees) * error
        found['low'] = PER_EPOCHS * (slope - margin)
        found['high'] = PER_EPOCHS * (slope + margin)
    return found


def _settled(rows: Sequence[dict], half: Sequence[dict]) -> list[dict]:
    """Return the rows of a half that are not the first of their process."""
    first = {row['process']: row['epoch'] for row in reversed(rows)}
    return [r for r in half if r['epoch'] >= first[r['process']] + WARM_UP]


def _blocks(rows: Sequence[dict], names: Sequence[str]) -> list[np.ndarray]:
    """Return means of blocks of epochs, without the mean of their process.

    Returns:
        Of every process (b, 1 + names): epochs and figures.
    """
    size = -(-len(rows) // BLOCKS)
    found = []
    for process in sorted({row['process'] for row in rows}):
        own = np.array(
            [
                [row['epoch'], *(row[name] for name in names)]
                for row in rows
                if row['process'] == process
            ],
            float,
        )
        starts = range(0, len(own), size)
        means = np.stack(
            [own[start : start + size].mean(0) for start in starts]
        )
        found.append(means - means.mean(0))
    return found


def slopes_table(found: dict[str, dict]) -> str:
    """Return the slopes in Markdown."""
    rows = [
        (
            name.replace('_', ' '),
            f'{of["mean"]:.1f} {UNITS[name]}',
            *_texts(of),
        )
        for name, of in found.items()
    ]
    head = 'what', 'mean', f'in {PER_EPOCHS} epochs', f'{LEVEL:.0%} interval'
    return aligned_table(head, rows, left=1)


def _texts(of: dict) -> tuple[str, str]:
    """Return slope and interval as they are shown."""
    slope, low, high = (
        'too few epochs' if of[name] is None else f'{of[name]:+.3f}'
        for name in ('slope', 'low', 'high')
    )
    return slope, low if of['low'] is None else f'{low} to {high}'


def draw_soak(
    rows: Sequence[dict], found: dict[str, dict], path: str | Path
) -> None:
    """Draw everything over the epochs; the half that counts is shaded.

    Args:
        rows: See :func:`slopes`.
        found: Its result.
        path: Picture to write; its suffix chooses the format.
    """
    size = 8, 1.5 * len(found)
    figure = Figure(figsize=size, dpi=120, layout='constrained')
    grid = figure.subplots(len(found), sharex=True, squeeze=False)[:, 0]
    epochs = [row['epoch'] for row in rows]
    half = epochs[len(rows) // 2 :]
    for axes, (name, of) in zip(grid, found.items(), strict=True):
        axes.plot(epochs, [row[name] for row in rows], linewidth=1)
        axes.axvspan(half[0], half[-1], alpha=0.1)
        axes.set_ylabel(UNITS[name])
        slope, interval = _texts(of)
        title = f'{slope} in {PER_EPOCHS} epochs ({interval})'
        title = f'{name.replace("_", " ")}: {title}'
        axes.set_title(title, fontsize=9, loc='left')
        axes.grid(alpha=0.3)
    grid[-1].set_xlabel('epoch')
    with replacing(path) as temporary:
        figure.savefig(temporary)
