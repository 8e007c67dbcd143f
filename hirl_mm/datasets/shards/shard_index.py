"""Where every image is in the shards of a folder."""

from __future__ import annotations

import bisect
import os
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from hirl_mm.datasets.listing.folder_scan import FolderScan
from hirl_mm.datasets.listing.scan_file import (
    read_arrays,
    scan_from_arrays,
    scan_to_arrays,
)
from hirl_mm.files import replacing

INDEX = 'shards.npz'


class Places(NamedTuple):
    """Where n images are.

    Args:
        offsets: (n,) int64, first byte of the image in its shard.
        sizes: (n,) int64, number of bytes.
        sums: (n,) uint32, CRC-32 of the bytes.
    """

    offsets: np.ndarray
    sizes: np.ndarray
    sums: np.ndarray


@dataclass(frozen=True)
class ShardIndex:
    """Index of N images in S shards.

    Args:
        scan: The images as the files of a folder. They are numbered in this
            order, and a shard has those from one number to another.
        ends: (S,) int64, number of the first image after each shard.
        lengths: (S,) int64, bytes of each shard.
        places: Where the N images are.
        identity: Hash of the names of the images and of what is in which
            shard; every shard begins with it.
    """

    scan: FolderScan
    ends: np.ndarray
    lengths: np.ndarray
    places: Places
    identity: str
    _folders: dict[str, tuple[int, _SortedNames]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        names = list(map(_SortedNames, self.scan.names.values()))
        starts = [0, *accumulate(map(len, names))]
        numbered = zip(starts, names, strict=False)
        folders = dict(zip(self.scan.names, numbered, strict=True))
        object.__setattr__(self, '_folders', folders)

    def number(self, path: str) -> int:
        """Return the number of an image.

        Args:
            path: Its path in the folder.

        Raises:
            KeyError: If there is no such image.
        """
        folder, _, file = path.rpartition('/')
        start, names = self._folders[folder]
        name = os.fsencode(file)
        place = bisect.bisect_left(names, name)
        if place == len(names) or names[place] != name:
            raise KeyError(path)
        return start + place

    def shard_of(self, number: int) -> int:
        """Return the number of the shard that has an image."""
        return int(np.searchsorted(self.ends, number, side='right'))


def label_of(identity: str, shard: int) -> str:
    """Return the text with which a shard begins.

    Args:
        identity: That of the index.
        shard: Number of the shard.
    """
    return f'{identity} {shard}'


class _SortedNames:
    """Names of files in order, without an object for every name.

    Args:
        text: Sorted names with NUL between them.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == 0)
        last = [len(text)] if text else []
        self._ends = np.concatenate([ends, last]).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: int) -> bytes:
        start = self._ends[index - 1] + 1 if index else 0
        return self._text[start : self._ends[index]]


def write_index(folder: str | os.PathLike, index: ShardIndex) -> None:
    """Write the index of a folder of shards."""
    places = index.places
    with replacing(os.path.join(folder, INDEX)) as temporary:
        np.savez(
            temporary,
            **scan_to_arrays(index.scan),
            ends=index.ends,
            shard_lengths=index.lengths,
            offsets=places.offsets,
            sizes=places.sizes,
            sums=places.sums,
            identity=np.array(index.identity),
        )


def read_index(folder: str | os.PathLike) -> ShardIndex:
    """Read the index of a folder of shards.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is damaged, or of another version.
    """
    path = os.path.join(folder, INDEX)
    try:
        found = read_arrays(path)
        return ShardIndex(
            scan_from_arrays(found),
            found['ends'],
            found['shard_lengths'],
            Places(found['offsets'], found['sizes'], found['sums']),
            str(found['identity']),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(
            f'{path} is no index of shards, or damaged ({error}): copy it '
            'again, or delete it and repeat the conversion'
        ) from error
