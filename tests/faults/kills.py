"""Kill a training, resume it, and compare it with one that was left alone."""

import shutil
import time
from pathlib import Path

import torch

from hirl_mm.engine.hooks import NeighborBankHook
from hirl_mm.structures import TREE_KEY

from .trainings import train

# What differs between runs that are equal.
_TIMES = 'time', 'data_time', 'eta', 'images_per_second', 'memory'


def differences(found, expected, where=''):
    """Where two values of a checkpoint differ, as text."""
    if isinstance(expected, torch.Tensor):
        same = isinstance(found, torch.Tensor) and torch.equal(found, expected)
    elif isinstance(expected, dict) and isinstance(found, dict):
        names = [*expected, *(name for name in found if name not in expected)]
        for name in names:
            if any(str(name).endswith(time) for time in _TIMES):
                continue
            inner = f'{where}.{name}'
            if name not in found or name not in expected:
                yield f'{inner} is in one of them only'
            else:
                yield from differences(found[name], expected[name], inner)
        return
    elif isinstance(expected, (list, tuple)):
        same = len(found) == len(expected)
        if same:
            for i, (one, two) in enumerate(zip(found, expected, strict=True)):
                yield from differences(one, two, f'{where}.{i}')
            return
    else:
        same = found == expected
    if not same:
        yield where or 'value'


def last_checkpoint(work_dir):
    (file,) = Path(work_dir).glob('*.pth')
    content = torch.load(file, weights_only=True)
    # Paths, times, and MMEngine's version, which has the commit of a checkout.
    for name in 'cfg', 'time', 'experiment_name', 'mmengine_version':
        content['meta'].pop(name)
    for name in 'cfg', 'experiment_name', 'last_ckpt', 'mmengine_version':
        content['message_hub']['runtime_info'].pop(name)
    # The name of the run, in its tree or its neighbours.
    for name in TREE_KEY, NeighborBankHook.state_key:
        content.get(name, {}).pop('run', None)
    return content


def left_alone(config, folder):
    """Train without a fault.

    Returns:
        Names of the events, the last checkpoint, and the seconds it took.
    """
    events = Path(folder).with_suffix('.events')
    began = time.monotonic()
    status = train(config, folder, events)
    seconds = time.monotonic() - began
    assert status == 0, Path(f'{folder}.log').read_text()[-3000:]
    return events.read_text().splitlines(), last_checkpoint(folder), seconds


def killed_and_resumed(config, folder, fatal=-1, seconds=None):
    """Kill a training once, then resume it until it ends.

    Returns:
        Names of the events before the kill, and the last checkpoint.
    """
    shutil.rmtree(folder, ignore_errors=True)
    events = Path(folder).with_suffix('.events')
    events.write_text('')
    status = train(config, folder, events, fatal, seconds)
    assert status == -9 or seconds is not None, (
        f'{status}: {Path(f"{folder}.log").read_text()[-3000:]}'
    )
    names = events.read_text().splitlines()
    status = train(config, folder)
    assert status == 0, Path(f'{folder}.log').read_text()[-3000:]
    return names, last_checkpoint(folder)
