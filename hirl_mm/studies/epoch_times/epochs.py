"""Read from the logs of runs how long their epochs took."""

from collections.abc import Mapping
from pathlib import Path
from statistics import mean

from ..run_folder import RunFolder

PARTS = 'data', 'steps', 'features', 'clustering', 'checkpoint', 'other'

Epochs = dict[int, dict[str, float]]


def read_epochs(work_dir: Path) -> Epochs:
    """Return the seconds of every finished epoch of a run, by part.

    Args:
        work_dir: Work folder of a run with the
            :class:`~hirl_mm.engine.hooks.EpochTimeHook`. If a resumed run
            trained an epoch twice, the later one counts.

    Returns:
        Seconds by epoch, counted from 1, and part:

        - ``data``: waiting for batches
        - ``steps``: training steps
        - ``features``: feature pass, only in an epoch that builds a tree
        - ``clustering``: clustering, only in an epoch that builds a tree
        - ``checkpoint``: hooks after the last step
        - ``other``: remaining time before the first step, such as the kNN
          probe and saving the tree

    Raises:
        ValueError: If the logs hold no times of finished epochs.
    """
    epochs: Epochs = {}
    for log in RunFolder(work_dir).logs():
        seconds: Epochs = {}
        for scalars in log:
            if 'step' not in scalars:
                continue
            seconds.setdefault(scalars['step'], {}).update(
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
    """Return the first epoch that can be compared between runs.

    It is the first epoch by which every run that builds trees has built one,
    or 1 if no run builds trees.

    Args:
        runs: Epochs by run, see :func:`read_epochs`.
    """
    trees = (
        [epoch for epoch, parts in epochs.items() if 'features' in parts]
        for epochs in runs.values()
    )
    return max((min(found) for found in trees if found), default=1)


def mean_epoch(epochs: Epochs, first: int, name: str) -> dict[str, float]:
    """Return the mean seconds of every part of an epoch.

    Args:
        epochs: Seconds by epoch and part, see :func:`read_epochs`.
        first: First epoch of the mean.
        name: Name of the run in the error.

    Raises:
        ValueError: If the run ended before epoch ``first``.
    """
    counted = [epochs[epoch] for epoch in epochs if epoch >= first]
    if not counted:
        raise ValueError(
            f'{name} ends after epoch {max(epochs)}, but epochs are compared '
            f'from {first} on: train it longer, or choose an earlier first '
            'epoch'
        )
    return {
        part: mean(parts.get(part, 0.0) for parts in counted) for part in PARTS
    }


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
