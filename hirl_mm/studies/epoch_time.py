"""What the epochs of runs take, read from their logs."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean

from hirl_mm.tables import aligned_table

PARTS = 'data', 'steps', 'features', 'clustering', 'checkpoint', 'other'
# Table 6 of the paper: dimension of the features, seconds of an epoch on
# ImageNet, plain and under HIRL.
PAPER = {
    'MoCo v2': (128, 13 * 60 + 39, 17 * 60 + 30),
    'SimSiam': (2048, 12 * 60 + 9, 21 * 60 + 10),
    'SwAV': (128, 6 * 60 + 3, 8 * 60 + 15),
    'MoCo v3': (256, 3 * 60 + 58, 6 * 60 + 30),
    'DINO': (256, 13 * 60, 16 * 60 + 9),
    'iBOT': (256, 13 * 60 + 6, 16 * 60 + 10),
}

Epochs = dict[int, dict[str, float]]


def read_epochs(work_dir: Path) -> Epochs:
    """The seconds of every finished epoch of a run, by part.

    Args:
        work_dir: Of a run with the
            :class:`~hirl_mm.engine.hooks.EpochTimeHook`. Where it was
            resumed, an epoch that was trained twice counts as it was the
            last time.

    Returns:
        Seconds by epoch, from 1, and part: ``data``, waiting for batches;
        ``steps``; ``features`` and ``clustering``, of a tree;
        ``checkpoint``, after the last step; ``other``, the rest of what
        comes before the first (the kNN probe, the file of the tree). Without
        a tree there are no ``features`` and no ``clustering``.

    Raises:
        ValueError: If there are no such epochs.
    """
    epochs: Epochs = {}
    for log in sorted(work_dir.glob('*/vis_data/scalars.json')):
        seconds: Epochs = {}
        for scalars in _lines(log):
            seconds.setdefault(scalars.get('step'), {}).update(
                (name, value)
                for name, value in scalars.items()
                if '/seconds_' in name
            )
        for epoch, found in seconds.items():
            if 'epoch/seconds_steps' in found:
                epochs[epoch] = _parts(found)
    if not epochs:
        raise ValueError(
            f'{work_dir} holds no times of finished epochs. Train with '
            '--cfg-options default_hooks.epoch_time.type='
            'hirl_mm.EpochTimeHook, and give the --work-dir of the run'
        )
    return epochs


def first_to_compare(runs: Mapping[str, Epochs]) -> int:
    """The first epoch before which every run that builds trees has one.

    1 where none builds trees.
    """
    trees = (
        [epoch for epoch, parts in epochs.items() if 'features' in parts]
        for epochs in runs.values()
    )
    return max((min(found) for found in trees if found), default=1)


def mean_epoch(epochs: Epochs, first: int, name: str) -> dict[str, float]:
    """The mean seconds of every part over the epochs from ``first`` on.

    Raises:
        ValueError: If the run, called ``name``, ended before.
    """
    counted = [epochs[epoch] for epoch in epochs if epoch >= first]
    if not counted:
        raise ValueError(
            f'{name} ends after epoch {max(epochs)}, but epochs are compared '
            f'from {first} on: train it longer, or give another first epoch'
        )
    return {
        part: mean(parts.get(part, 0.0) for parts in counted) for part in PARTS
    }


def time_table(means: Mapping[str, Mapping[str, float]]) -> str:
    """Seconds of a mean epoch by run and part, and its ratio to the first."""
    totals = {name: sum(parts.values()) for name, parts in means.items()}
    first = next(iter(totals.values()))
    rows = [
        (
            name,
            *(f'{parts[part]:.2f}' if parts[part] else '-' for part in PARTS),
            f'{totals[name]:.2f}',
            f'{totals[name] / first:.3f}',
        )
        for name, parts in means.items()
    ]
    return aligned_table(('run', *PARTS, 'total', 'ratio'), rows)


def paper_table() -> str:
    """Table 6 of the paper, with its ratios."""
    rows = [
        (
            method,
            str(dim),
            *(f'{s // 60}:{s % 60:02d}' for s in (plain, hirl)),
            f'{hirl / plain:.3f}',
        )
        for method, (dim, plain, hirl) in PAPER.items()
    ]
    head = 'method', 'dimension', 'plain, min', 'HIRL, min', 'ratio'
    return aligned_table(head, rows)


def _lines(log: Path) -> Iterator[dict]:
    """The scalars of a log; a run that was killed leaves half a line."""
    for line in log.read_text().splitlines(keepends=True):
        if line.endswith('\n'):
            yield json.loads(line)


def _parts(found: Mapping[str, float]) -> dict[str, float]:
    parts = dict(
        data=found['epoch/seconds_data'],
        steps=found['epoch/seconds_steps'],
        checkpoint=found['epoch/seconds_after'],
        other=found['epoch/seconds_before'],
    )
    if 'hirl/seconds_extract' in found:
        parts['features'] = found['hirl/seconds_extract']
        parts['clustering'] = found['hirl/seconds_cluster']
        parts['other'] -= parts['features'] + parts['clustering']
    return parts
