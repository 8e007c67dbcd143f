"""Names of many images in little memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import overload

import numpy as np

# Names that are converted at a time.
_NAMES = 65536
# Names of files may hold bytes that are no UTF-8.
_CODE = 'utf-8', 'surrogateescape'


class NameColumn(Sequence[str]):
    """N names as one array of bytes.

    A million of ImageNet's takes half of the memory of strings, and worker
    processes share it. A column is not changed after it was made.

    Args:
        names: Names, without the character NUL.

    Raises:
        ValueError: If a name has the character NUL.

    Example:
        >>> names = NameColumn(f'{i}.png' for i in range(1000))
        >>> len(names), names[7], names[-2:], names.take([3, 1])[1]
        (1000, '7.png', ['998.png', '999.png'], '1.png')
    """

    def __init__(self, names: Iterable[str]) -> None:
        text, source, ends = bytearray(), iter(names), [np.empty(0, np.int64)]
        while part := list(islice(source, _NAMES)):
            more = '\0'.join([*part, '']).encode(*_CODE)
            found = np.flatnonzero(np.frombuffer(more, np.uint8) == 0)
            if len(found) != len(part):
                raise ValueError('a path contains the character NUL')
            ends.append(found + len(text))
            text += more
        self._text = np.frombuffer(text, dtype=np.uint8)
        self._text.flags.writeable = False
        size = np.uint32 if len(text) < 2**32 else np.int64
        self._ends: np.ndarray
        self._ends = np.concatenate(ends, dtype=size, casting='unsafe')
        self._starts = np.zeros_like(self._ends)
        self._starts[1:] = self._ends[:-1] + 1

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return list(self.take(index))
        name = self._text[self._starts[index] : self._ends[index]]
        return name.tobytes().decode(*_CODE)

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _NAMES):
            part = slice(start, start + _NAMES)
            starts, ends = self._starts[part], self._ends[part]
            if (starts[1:] == ends[:-1] + 1).all():
                text = self._text[starts[0] : ends[-1]]
                yield from text.tobytes().decode(*_CODE).split('\0')
            else:
                places = range(start, start + len(starts))
                yield from map(self.__getitem__, places)

    def __deepcopy__(self, memo: dict) -> NameColumn:
        return self

    def __repr__(self) -> str:
        return f'{type(self).__name__} of {len(self):,} names'

    def take(self, indices: Sequence[int] | np.ndarray | slice) -> NameColumn:
        """Return some of the names, which share the bytes.

        Args:
            indices: Numbers of the names in the order of the result.
        """
        chosen: slice | np.ndarray
        if isinstance(indices, slice):
            chosen = indices
        else:
            chosen = np.asarray(indices, dtype=np.int64)
        part = copy.copy(self)
        part._starts, part._ends = self._starts[chosen], self._ends[chosen]
        return part

    @property
    def nbytes(self) -> int:
        """Bytes of memory of the names."""
        return sum(
            array.nbytes for array in (self._text, self._starts, self._ends)
        )
