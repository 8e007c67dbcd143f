"""Scans of folders in files."""

import os

import numpy as np

from hirl_mm.datasets.listing.folder_scan import FolderScan
from hirl_mm.files import replacing

_VERSION = 1


def scan_to_arrays(scan: FolderScan) -> dict[str, np.ndarray]:
    """Return a scan of F folders as arrays, see :func:`scan_from_arrays`."""
    blobs = list(scan.names.values())
    return dict(
        version=np.array(_VERSION),
        folders=_bytes_array(os.fsencode('\0'.join(scan.names))),
        stamps=np.array([scan.stamps[path] for path in scan.names]),
        lengths=np.array(list(map(len, blobs))),
        names=_bytes_array(b''.join(blobs)),
    )


def scan_from_arrays(arrays: dict[str, np.ndarray]) -> FolderScan:
    """Return a scan from its arrays.

    Args:
        arrays: ``version`` (); ``folders``, the paths as bytes with NUL
            between them; ``stamps`` (F, 3); ``lengths`` (F,), bytes of the
            names of each folder; ``names``, all of these bytes.

    Raises:
        ValueError: If the arrays do not fit together, or another version of
            this project has written them.
    """
    if arrays['version'] != _VERSION:
        raise ValueError(f'version {arrays["version"]}, not {_VERSION}')
    folders = os.fsdecode(arrays['folders'].tobytes()).split('\0')
    names = arrays['names'].tobytes()
    lengths = arrays['lengths']
    if not len(folders) == len(lengths) == len(arrays['stamps']):
        raise ValueError('not as many names and stamps as folders')
    ends = np.cumsum(lengths).tolist()
    if ends[-1] != len(names):
        raise ValueError(f'{len(names)} bytes of names, not {ends[-1]}')
    starts = [0, *ends[:-1]]
    return FolderScan(
        {f: names[i:j] for f, i, j in zip(folders, starts, ends, strict=True)},
        dict(zip(folders, map(tuple, arrays['stamps'].tolist()), strict=True)),
    )


def write_scan(path: str | os.PathLike, scan: FolderScan) -> None:
    """Write a scan to a file with the suffix ``.npz``."""
    with replacing(path) as temporary:
        np.savez(temporary, **scan_to_arrays(scan))


def read_scan(path: str | os.PathLike) -> FolderScan:
    """Read a scan.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the file is damaged, or of another version.
    """
    try:
        return scan_from_arrays(read_arrays(path))
    except KeyError as error:
        raise ValueError(f'{path} is no list of files: {error}') from error


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read all arrays of a file of NumPy, whose checksums are verified.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If the file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except OSError:
        raise
    except Exception as error:
        raise ValueError(
            f'{path} is damaged: {type(error).__name__}: {error}'
        ) from error


def _bytes_array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, dtype=np.uint8)
