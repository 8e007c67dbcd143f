"""Errors of a disk, with the file that they are about."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .temporary_names import temporary_name

_FULL = errno.ENOSPC
# Errors of writing, in which Python names no file.
_OF_WRITING = errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE
# A disk that does not take as many bytes is full.
_PROBE = bytes(65536)


class FullDiskError(OSError):
    """A disk has no space left for a file.

    Args:
        path: File or folder that was to be written.
        needed: Its size in bytes; None if it is not known.
        free: Bytes that were free.
    """

    def __init__(
        self, path: str | os.PathLike, needed: int | None, free: int
    ) -> None:
        super().__init__(_FULL, os.strerror(_FULL), str(path))
        left = f'{free / 1e6:,.2f} MB'
        self._sizes = (
            f'it needs more than the {left} that were free'
            if needed is None
            else f'it needs {needed / 1e6:,.2f} MB, and {left} were free'
        )

    def __str__(self) -> str:
        return (
            f'{self.strerror} for {self.filename}: {self._sizes}. Free some '
            'space, or choose a folder on another disk'
        )


@contextmanager
def naming(
    path: Path, temporary: Path, size: int | None = None
) -> Iterator[None]:
    """Name a path in the errors of a disk that writers do not name.

    Args:
        path: File or folder that the block is to make.
        temporary: What the block writes, beside it; ``path`` if it adds to
            a file.
        size: Bytes that the block writes; None if it is not known.

    Raises:
        FullDiskError: If the disk is full, whatever the block raises then.
        OSError: If the disk is read-only, a quota is used up, the folder is
            gone, or the disk has another fault.
    """
    try:
        yield
    except Exception as error:
        code = _code(error, path)
        if code == _FULL:
            free = shutil.disk_usage(path.parent).free
            if temporary != path:  # It is going to be deleted.
                free += _size(temporary)
            raise FullDiskError(path, size, free) from error
        if code is None or not _needs_name(error, temporary):
            raise
        raise OSError(code, os.strerror(code), str(path)) from error


def _code(error: Exception, path: Path) -> int | None:
    """Return the number of an error; of a library's own what the disk says.

    shutil and safetensors say in words what has happened, PyTorch does not.
    """
    if isinstance(error, OSError) and not isinstance(error, shutil.Error):
        return error.errno
    if os.strerror(_FULL) in str(error):
        return _FULL
    probe = temporary_name(path)
    try:
        probe.write_bytes(_PROBE)
    except OSError as fault:
        return fault.errno
    finally:
        if probe.exists():
            probe.unlink()
    return None


def _needs_name(error: Exception, temporary: Path) -> bool:
    """Whether an error names no file, or a temporary one."""
    if not isinstance(error, OSError):
        return True
    name = error.filename
    if name is None:
        return error.errno in _OF_WRITING
    return isinstance(name, str) and Path(name).is_relative_to(temporary)


def _size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob('*') if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
