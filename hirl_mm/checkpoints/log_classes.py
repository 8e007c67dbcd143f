"""The few globals that MMEngine's logs in a checkpoint need.

``torch.load(..., weights_only=True)`` builds tensors and plain types alone.
A checkpoint that MMEngine writes also holds the log of its run: objects of
``HistoryBuffer``, NumPy arrays and NumPy numbers. What is listed here builds
these and nothing else; PyTorch runs no other code of a file.
"""

import pickle
from collections.abc import Callable

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

try:
    from numpy._core.multiarray import _reconstruct, scalar
except ImportError:  # NumPy 1
    from numpy.core.multiarray import _reconstruct, scalar

_STATISTICS = 'min', 'max', 'current', 'mean'
_DTYPES = 'bool', 'int32', 'int64', 'float16', 'float32', 'float64'


def log_globals() -> list[Callable]:
    """What PyTorch may build from a checkpoint of MMEngine beside tensors.

    For ``torch.serialization.safe_globals`` (PyTorch 2.5 or later).
    """
    return list(_GLOBALS)


def allow_log_classes() -> None:
    """Let ``torch.load`` read MMEngine's logs for the rest of the process.

    MMEngine 0.10 loads checkpoints with PyTorch's defaults, which since
    PyTorch 2.6 refuse the logs in them, so that it cannot resume its own
    runs. Importing :mod:`hirl_mm.engine` calls this. PyTorch before 2.5 has
    other defaults and needs nothing.
    """
    if hasattr(torch.serialization, 'safe_globals'):
        torch.serialization.add_safe_globals(log_globals())


def _named(name: str, function: Callable) -> Callable:
    """``function`` under the dotted name by which files ask for it."""

    def stand_in(*args: object) -> object:
        return function(*args)

    stand_in.__module__, _, stand_in.__name__ = name.rpartition('.')
    stand_in.__qualname__ = stand_in.__name__
    return stand_in


def _statistic(owner: object, name: str) -> Callable:
    """``getattr``, but only for the statistics of a ``HistoryBuffer``.

    Files name them ``getattr(HistoryBuffer, 'mean')``. The real ``getattr``
    would open a way from any object to any other, and so to running code.
    """
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(
            f'GLOBAL builtins.getattr is asked for {name!r} of {owner!r}'
        )
    return getattr(owner, name)


_GLOBALS = (
    HistoryBuffer,
    _named('builtins.getattr', _statistic),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(name)) for name in _DTYPES),
    # NumPy 1 and NumPy 2 write different names.
    *(
        _named(f'numpy.{core}.multiarray.{function.__name__}', function)
        for core in ('core', '_core')
        for function in (_reconstruct, scalar)
    ),
)
