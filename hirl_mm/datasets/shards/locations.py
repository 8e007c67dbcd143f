"""Paths of images in shards: ``shards://FOLDER/NAME``."""

import os
from collections.abc import Callable

from hirl_mm.datasets.listing.folder_scan import FolderScan
from hirl_mm.datasets.listing.kept_scans import kept_scan
from hirl_mm.datasets.shards.shard_folder import ShardFolder
from hirl_mm.datasets.shards.shard_index import INDEX

SCHEME = 'shards://'
_opened: dict[str, tuple[tuple, ShardFolder]] = {}


def has_shards(folder: str | os.PathLike) -> bool:
    """Whether a folder holds shards and their index."""
    return os.path.isfile(os.path.join(folder, INDEX))


def scan_of(folder: str | os.PathLike) -> FolderScan:
    """List the images of a folder, in files of their own or in shards.

    Args:
        folder: A local folder.

    Raises:
        OSError: If the folder cannot be listed, or a shard is missing or
            incomplete.
        ValueError: If the index of shards is damaged or of other shards.
    """
    if has_shards(folder):
        return _shards_in(os.fspath(folder)).index.scan
    return kept_scan(folder)


def in_shards(path: str | os.PathLike) -> bool:
    """Whether a path is that of an image in shards."""
    return str(path).startswith(SCHEME)


def plain_path(path: str) -> str:
    """Return the path that an image would have in a folder of files.

    Example:
        >>> plain_path('shards://data/train/cat/1.png')
        'data/train/cat/1.png'
    """
    return path.removeprefix(SCHEME)


def read_shards(path: str) -> bytes:
    """Return the content of an image in shards.

    Args:
        path: ``shards://FOLDER/NAME``.

    Raises:
        FileNotFoundError: If there is no such image.
        OSError: If it cannot be read.
    """
    plain = plain_path(path)
    folder = _parent(plain, _opened.__contains__)
    if folder is None:
        folder = _parent(plain, has_shards)
        if folder is None:
            raise FileNotFoundError(
                f'no folder of {path} has shards and their index {INDEX}'
            )
        _shards_in(folder)
    return _opened[folder][1].read(plain[len(folder) :].lstrip('/'))


def _parent(path: str, chosen: Callable[[str], bool]) -> str | None:
    """Return the nearest of the folders that a path is in; None if none."""
    while parent := os.path.dirname(path):
        if chosen(parent):
            return parent
        if parent == path:
            break
        path = parent
    return None


def _shards_in(folder: str) -> ShardFolder:
    """Return the shards of a folder, opened once until the index changes."""
    key = folder.rstrip('/') or '/'
    status = os.stat(os.path.join(folder, INDEX))
    version = status.st_mtime_ns, status.st_ino, status.st_size
    known = _opened.get(key)
    if known is None or known[0] != version:
        known = _opened[key] = version, ShardFolder(key)
    return known[1]
