"""The files of a folder, and what tells whether they are still the same."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# Time of the last change, of its content and of its entry, in nanoseconds,
# and number of the folder in its file system.
Stamp = tuple[int, int, int]
# What a folder has that must be listed the next time.
UNKNOWN: Stamp = (0, 0, 0)
# A change within the resolution of the clock of a file system does not change
# the stamp: stamps younger than this, in seconds, are not trusted.
_SETTLED = 10.0
_NUL = b'\0'


@dataclass(frozen=True)
class FolderScan:
    """The files below a folder, at any depth.

    Hidden files are left out, those in hidden folders are not. Links are
    followed, as MMEngine does, but not to a folder that the link is in.

    Args:
        names: Path of every folder, relative with forward slashes and empty
            for the folder itself, to the names of the files in it: sorted
            bytes with NUL between them. The paths are sorted.
        stamps: Stamp of every folder, :data:`UNKNOWN` if it must be listed
            the next time.
    """

    names: dict[str, bytes]
    stamps: dict[str, Stamp]

    def __len__(self) -> int:
        return sum(map(_count, self.names.values()))

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Iterate over the folders and the names of the files in them."""
        for folder, names in self.names.items():
            yield folder, os.fsdecode(names).split('\0') if names else []

    def files(self) -> Iterator[str]:
        """Iterate over the relative paths of all files."""
        for folder, names in self.folders():
            start = f'{folder}/' if folder else ''
            for name in names:
                yield start + name


def scan_folder(
    folder: str | os.PathLike,
    known: FolderScan | None = None,
    shown: Callable[[list[str]], Iterable[str]] = iter,
) -> tuple[FolderScan, list[str]]:
    """List the files below a folder.

    Args:
        folder: A local folder.
        known: An earlier scan; a folder whose stamp is the same is not listed
            again.
        shown: Iterates over the subfolders that it gets, and may show the
            progress; called once.

    Returns:
        The scan, and the folders that were listed now. These are folders of
        ``known`` that have changed, and new ones.

    Raises:
        OSError: If a folder cannot be listed, or a link leads to a folder
            that is gone.
    """
    scan = _Scan(os.fspath(folder), known)
    for top in shown(scan.visit('')):
        below = [top]
        while below:
            below += scan.visit(below.pop())
    names = {path: scan.names[path] for path in sorted(scan.names)}
    return FolderScan(names, scan.stamps), scan.listed


class _Scan:
    """A scan that goes on.

    Args:
        root: The folder.
        known: An earlier scan.
    """

    def __init__(self, root: str, known: FolderScan | None) -> None:
        self.root = root
        self.known = known or FolderScan({}, {})
        self.began = time.time_ns()
        self.names: dict[str, bytes] = {}
        self.stamps: dict[str, Stamp] = {}
        self.listed: list[str] = []
        self.below: dict[str, list[str]] = {}
        for path in self.known.names:
            if path:
                parent = path.rpartition('/')[0]
                self.below.setdefault(parent, []).append(path)

    def visit(self, folder: str) -> list[str]:
        """Note the files of a folder; return the folders in it."""
        path = os.path.join(self.root, folder)
        # Before the listing: what changes meanwhile has a later stamp.
        stamp = _stamp_of(path)
        if stamp == self.known.stamps.get(folder) and stamp != UNKNOWN:
            self.names[folder] = self.known.names[folder]
            self.stamps[folder] = stamp
            return self.below.get(folder, [])
        files, folders = _entries(path)
        self.names[folder] = _NUL.join(sorted(files))
        settled = self.began - max(stamp[:2]) > _SETTLED * 1e9
        self.stamps[folder] = stamp if settled else UNKNOWN
        self.listed.append(folder)
        start = f'{folder}/' if folder else ''
        return [start + name for name in sorted(folders)]


def _stamp_of(path: str) -> Stamp:
    status = os.stat(path)
    # Mounts of object stores may have no time of the last change.
    if status.st_mtime_ns <= 0:
        return UNKNOWN
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _entries(path: str) -> tuple[list[bytes], list[str]]:
    """Return the names of the files and of the folders in a folder."""
    files, folders = [], []
    with os.scandir(path) as entries:
        for entry in entries:
            if _is_folder(entry):
                if not (entry.is_symlink() and _is_above(entry.path)):
                    folders.append(entry.name)
            elif not entry.name.startswith('.'):
                _check_link(entry)
                files.append(os.fsencode(entry.name))
    return files, folders


def _is_folder(entry: os.DirEntry) -> bool:
    """Whether an entry is a folder; not for links that lead nowhere."""
    try:
        return entry.is_dir()
    except OSError as error:
        # A link to itself, or two to each other.
        if error.errno == errno.ELOOP:
            return False
        raise


def _check_link(entry: os.DirEntry) -> None:
    """Refuse a link to a folder that is gone: its images would be left out.

    A link to an image that is gone cannot be read, as other broken images,
    and neither can one to itself.
    """
    is_image = os.path.splitext(entry.name)[1]
    if not entry.is_symlink() or is_image:
        return
    try:
        os.stat(entry.path)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{entry.path} is a link to {os.readlink(entry.path)}, which does '
            'not exist: correct the link or remove it'
        ) from None
    except OSError:
        return


def _is_above(link: str) -> bool:
    """Whether a link leads back to a folder on the way to it: a circle."""
    target = os.path.realpath(link)
    place = os.path.abspath(link)
    while (parent := os.path.dirname(place)) != place:
        place = parent
        way = os.path.realpath(place)
        if os.path.commonpath([way, target]) == target:
            return True
    return False


def _count(names: bytes) -> int:
    return names.count(_NUL) + 1 if names else 0
