"""The files of a public data set, in its archive or unpacked."""

import gzip
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Generic, TypeVar

from hirl_mm.datasets.image_files import files_in

_BROKEN = (
    *(EOFError, gzip.BadGzipFile, tarfile.TarError, zipfile.BadZipFile),
    zlib.error,
)
# What an archive knows a file by.
_Member = TypeVar('_Member')


class SourceFolder:
    """Files in a folder. Names are relative and have forward slashes.

    Args:
        root: Folder of the data set.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""
        return sorted(files_in(self._root))

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return self._path(name).read_bytes()

    def place(self, name: str, target: Path) -> None:
        """Give a file a second name, or copy it where that is impossible.

        Args:
            name: Name of the file.
            target: Path that does not exist, in a folder that does.
        """
        # The file behind a symbolic link, not the link.
        path = os.path.realpath(self._path(name))
        try:
            os.link(path, target)
        except OSError:  # Another disk, or one without hard links.
            shutil.copyfile(path, target)

    def _path(self, name: str) -> Path:
        path = self._root / name
        if not path.is_file():
            raise FileNotFoundError(
                f'{self._root} has no {name}: unpack the whole data set'
            )
        return path


class SourceArchive(Generic[_Member]):
    """Files in an archive, as those of :class:`SourceFolder`.

    Args:
        path: Path of the archive, for errors.
        members: What the archive knows the files by.
        opened: Opens one of the members.
    """

    def __init__(
        self,
        path: Path,
        members: Mapping[str, _Member],
        opened: Callable[[_Member], IO[bytes] | None],
    ) -> None:
        self._path, self._members, self._opened = path, members, opened

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""
        return sorted(self._members)

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        with self._open(name) as file:
            return file.read()

    def place(self, name: str, target: Path) -> None:
        """Unpack a file.

        Args:
            name: Name of the file.
            target: Path that does not exist, in a folder that does.
        """
        with self._open(name) as file, target.open('xb') as copy:
            shutil.copyfileobj(file, copy)

    def _open(self, name: str) -> IO[bytes]:
        if name not in self._members:
            raise FileNotFoundError(
                f'{self._path} has no {name}: download it again'
            )
        file = self._opened(self._members[name])
        assert file is not None  # As it would be of a folder.
        return file


@contextmanager
def open_source(
    path: str | os.PathLike, marker: str
) -> Iterator[SourceFolder | SourceArchive]:
    """Open a data set as it was downloaded, or the folder it was unpacked to.

    Args:
        path: A tar file, compressed or not, a zip file, or a folder: that of
            the data set, or the one that it lies in.
        marker: Name of a file that tells the folder of the data set.

    Raises:
        FileNotFoundError: If there is no such file or folder, or the marker
            or a file that is read is not in it.
        ValueError: If the file is no archive, or broken.
    """
    path = Path(path)
    try:
        if path.is_dir():
            near = [*path.glob(marker), *path.glob(f'*/{marker}')]
            names = [
                file.relative_to(path).as_posix()
                for file in near
                if file.is_file()
            ]
            yield SourceFolder(path / _root_of(names, marker, path))
        elif not path.is_file():
            raise FileNotFoundError(
                f'there is no {path}: give the file of the data set as it was '
                'downloaded, or the folder that it was unpacked to'
            )
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                members = [m for m in archive.infolist() if not m.is_dir()]
                zipped = {member.filename: member for member in members}
                zipped = _below_root(zipped, marker, path)
                yield SourceArchive(path, zipped, archive.open)
        else:
            with tarfile.open(path) as archive:
                tarred = {m.name: m for m in archive if m.isfile()}
                tarred = _below_root(tarred, marker, path)
                yield SourceArchive(path, tarred, archive.extractfile)
    except _BROKEN as error:
        # tarfile lists what each of its formats says of the file.
        what = f'{error}'.partition('\n')[0]
        raise ValueError(
            f'{path} is no tar or zip file, or is cut off or broken: '
            f'download it again ({what})'
        ) from error


def _below_root(
    members: Mapping[str, _Member], marker: str, path: Path
) -> dict[str, _Member]:
    """Return the members of the folder that has the marker, renamed."""
    root = _root_of(members, marker, path)
    return {
        name.removeprefix(root): member
        for name, member in members.items()
        if name.startswith(root)
    }


def _root_of(names: Iterable[str], marker: str, path: Path) -> str:
    """Return the folder that has the marker, with a slash, or nothing."""
    found = [name for name in names if f'/{name}'.endswith(f'/{marker}')]
    if len(found) != 1:
        several = f' but {len(found)} of it' if found else ''
        raise FileNotFoundError(
            f'{path} must have one file {marker}{several}: give the file of '
            'the data set as it was downloaded, or the folder that it was '
            'unpacked to'
        )
    return found[0].removesuffix(marker)
