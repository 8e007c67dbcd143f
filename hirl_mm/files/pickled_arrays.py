"""Arrays of numbers in pickles, made without NumPy's own classes.

A pickle that may call ``numpy.ndarray`` and ``numpy.dtype`` makes an array of
objects out of any bytes. Python then takes these for addresses of objects: it
crashes, or does what the file says. The classes of this file stand for
NumPy's and make nothing but numbers.
"""

import pickle
import re
from collections.abc import Callable
from typing import Literal

import numpy as np

# bool, int, unsigned int, float, and the number of bytes
_NUMBER = re.compile(r'[biuf]\d+')
_ORDERS: dict[object, Literal['<', '>', '=', '|']] = {
    order: order for order in ('<', '>', '=', '|')
}


class PickledDtype:
    """Stands for ``numpy.dtype`` in a pickle.

    Args:
        code: Code of a type of numbers, such as ``'f4'``; bytes from Python
            2.
        align: Not used; pickles of NumPy give it.
        copy: Not used; pickles of NumPy give it.

    Raises:
        UnpicklingError: If it is the type of anything else.
    """

    # What pickles call it.
    __module__, __qualname__ = 'numpy', 'dtype'

    def __init__(
        self, code: str | bytes, align: bool = False, copy: bool = False
    ) -> None:
        text = code.decode('latin1') if isinstance(code, bytes) else code
        if not isinstance(text, str) or not _NUMBER.fullmatch(text):
            raise pickle.UnpicklingError(
                f'GLOBAL numpy.dtype asks for {code!r}, which is no number'
            )
        self.value = np.dtype(text)

    def __setstate__(self, state: tuple) -> None:
        found = state[1]
        found = found.decode('latin1') if isinstance(found, bytes) else found
        if found not in tuple(_ORDERS):
            raise pickle.UnpicklingError(f'unknown order of bytes {found!r}')
        self.value = self.value.newbyteorder(_ORDERS[found])


class PickledArray(np.ndarray):
    """Stands for ``numpy.ndarray`` in a pickle; an array of numbers."""

    __module__, __qualname__ = 'numpy', 'ndarray'

    def __new__(cls, *args: object) -> 'PickledArray':
        raise pickle.UnpicklingError(
            f'GLOBAL numpy.ndarray is called with {len(args)} arguments'
        )

    def __setstate__(self, state: tuple) -> None:
        *_, shape, dtype, in_columns, content = state
        if not isinstance(dtype, PickledDtype) or type(content) is not bytes:
            raise pickle.UnpicklingError('an array of something else')
        state = 1, shape, dtype.value, in_columns, content
        super().__setstate__(state)

    def __reduce__(self) -> str | tuple:
        return np.array(self).__reduce__()


def _reconstruct(kind: type, *_: object) -> PickledArray:
    if kind is not PickledArray:
        raise pickle.UnpicklingError(f'GLOBAL {kind} is no array')
    return np.ndarray.__new__(PickledArray, 0)


def _scalar(dtype: PickledDtype, content: bytes) -> np.generic:
    if not isinstance(dtype, PickledDtype) or type(content) is not bytes:
        raise pickle.UnpicklingError('a number of something else')
    return np.frombuffer(content, dtype.value, 1)[0]


def array_globals() -> dict[str, Callable]:
    """Return what to give a pickle of arrays for the names it asks for.

    Returns:
        Functions and classes by the dotted names of NumPy 1 and NumPy 2.
    """
    found: dict[str, Callable] = {
        'numpy.ndarray': PickledArray,
        'numpy.dtype': PickledDtype,
    }
    for core in 'core', '_core':
        found[f'numpy.{core}.multiarray._reconstruct'] = _reconstruct
        found[f'numpy.{core}.multiarray.scalar'] = _scalar
    return found
