"""Checkpoints that ``torch.load(weights_only=True)`` reads in any program.

A checkpoint of MMEngine holds the log of its run as objects of MMEngine and
NumPy, which PyTorch 2.6 and later do not load by default. This module moves
the log to an entry of its own, made of tensors and plain types, and back.
"""

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch import Tensor

LOG_KEY = 'log_history'
_HUB = 'message_hub'
# PyTorch stores these with the weights, and loads them without classes.
_WEIGHTS = 'state_dict', 'ema_state_dict'
_SCALARS: tuple[Any, ...] = (bool, int, float, str, bytes, type(None))


def make_portable(checkpoint: MutableMapping) -> list[str]:
    """Replace all that only a program with MMEngine can load, in place.

    The histories of the log (``message_hub``) become tensors under
    :data:`LOG_KEY`. Numbers and arrays of NumPy and subclasses of containers,
    numbers and paths become plain types. Weights are left as they are.

    Args:
        checkpoint: Content of a checkpoint that is about to be saved.

    Returns:
        Where the checkpoint still holds other objects, with their classes,
        such as ``meta.model (mypackage.Model)``.
    """
    hub = checkpoint.get(_HUB)
    if isinstance(hub, dict) and hub.get('log_scalars'):
        _move_histories(checkpoint, hub)
    for key, value in checkpoint.items():
        if key not in _WEIGHTS:
            checkpoint[key] = _plain(value)
    rest = {k: v for k, v in checkpoint.items() if k not in _WEIGHTS}
    return list(_others(rest, ''))


def restore_log(checkpoint: MutableMapping) -> None:
    """Undo what :func:`make_portable` did to the log, in place.

    Afterwards MMEngine resumes the log with all values as they were saved. A
    checkpoint without :data:`LOG_KEY` is left as it is.

    Args:
        checkpoint: Content of a checkpoint that MMEngine is about to load.
    """
    histories = checkpoint.pop(LOG_KEY, None)
    if histories is None:
        return
    hub = checkpoint[_HUB]
    for name, history in histories.items():
        hub['log_scalars'][name] = HistoryBuffer(
            history['values'].numpy(force=True),
            history['counts'].numpy(force=True),
            history['max_length'],
        )
        hub['resumed_keys'][name] = True


def _move_histories(checkpoint: MutableMapping, hub: dict) -> None:
    histories = {
        name: dict(
            values=torch.from_numpy(np.array(history.data[0])),
            counts=torch.from_numpy(np.array(history.data[1])),
            max_length=history.max_length,
        )
        for name, history in hub['log_scalars'].items()
        if isinstance(history, HistoryBuffer)
    }
    # MMEngine warns of every resumed key that has no value.
    checkpoint[_HUB] = dict(
        hub,
        log_scalars={
            name: value
            for name, value in hub['log_scalars'].items()
            if name not in histories
        },
        resumed_keys={
            name: value
            for name, value in hub['resumed_keys'].items()
            if name not in histories
        },
    )
    checkpoint[LOG_KEY] = histories


def _plain(value: object) -> object:
    if isinstance(value, Tensor | torch.Size) or type(value) in _SCALARS:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, dict):
        ordered = isinstance(value, OrderedDict)
        pairs = ((_plain(k), _plain(v)) for k, v in value.items())
        return OrderedDict(pairs) if ordered else dict(pairs)
    for kind in (list, tuple, set):
        if isinstance(value, kind):
            return kind(map(_plain, value))
    for scalar in _SCALARS[:-1]:
        if isinstance(value, scalar):
            return scalar(value)
    return value


def _others(value: object, where: str) -> Iterator[str]:
    """Yield the places of what is neither a tensor nor of a plain type."""
    if isinstance(value, Tensor | torch.Size | torch.dtype | torch.device):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _others(key, where)
            yield from _others(item, f'{where}.{key}'.lstrip('.'))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _others(item, where)
    elif type(value) not in _SCALARS:
        kind = value if isinstance(value, type) else type(value)
        yield f'{where} ({kind.__module__}.{kind.__qualname__})'
