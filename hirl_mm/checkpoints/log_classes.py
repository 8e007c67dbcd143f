"""Classes and functions that are safe to load from MMEngine's checkpoints.

``torch.load(..., weights_only=True)`` loads only tensors and plain types. A
checkpoint that MMEngine writes also holds the log of its run: objects of
``HistoryBuffer``, NumPy arrays and NumPy numbers. The list in this file
allows exactly these; PyTorch runs no other code from a file. NumPy's own
classes are not in it, see :mod:`hirl_mm.files.pickled_arrays`.
"""

import pickle
from collections.abc import Callable

import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import checkpoint

from hirl_mm.files.pickled_arrays import array_globals

_STATISTICS = 'min', 'max', 'current', 'mean'


def log_globals() -> list[Callable]:
    """Return the globals that loading MMEngine's logs needs.

    They are meant for ``torch.serialization.safe_globals`` (PyTorch 2.5 or
    later).
    """
    return list(_GLOBALS)


def allow_log_classes() -> None:
    """Let ``torch.load`` read MMEngine's logs for the rest of the process.

    MMEngine 0.10 loads checkpoints with PyTorch's defaults. Since PyTorch 2.6
    these reject the logs, so MMEngine cannot resume its own runs. Importing
    :mod:`hirl_mm.engine` calls this function. It does nothing in PyTorch
    before 2.5, whose defaults accept the logs, and beside MMEngine's fork,
    which allows NumPy's own classes when it loads: with some of either list
    PyTorch builds arrays of neither.
    """
    fork = hasattr(checkpoint, 'get_torch_safe_globals')
    if hasattr(torch.serialization, 'safe_globals') and not fork:
        torch.serialization.add_safe_globals([*log_globals()])


def _named(name: str, function: Callable) -> Callable:
    """Wrap ``function`` under the dotted name that checkpoints refer to."""

    def stand_in(*args: object) -> object:
        return function(*args)

    stand_in.__module__, _, stand_in.__name__ = name.rpartition('.')
    stand_in.__qualname__ = stand_in.__name__
    return stand_in


def _statistic(owner: object, name: str) -> Callable:
    """Replace ``getattr``, for the statistics of a ``HistoryBuffer`` only.

    Checkpoints refer to them as ``getattr(HistoryBuffer, 'mean')``. With the
    real ``getattr``, a file could reach any object and so run code.
    """
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(
            f'GLOBAL builtins.getattr asks for {name!r} of {owner!r}'
        )
    return getattr(owner, name)


_GLOBALS = (
    HistoryBuffer,
    _named('builtins.getattr', _statistic),
    *(
        found if isinstance(found, type) else _named(name, found)
        for name, found in array_globals().items()
    ),
)
