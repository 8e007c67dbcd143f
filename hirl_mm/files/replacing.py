"""Writing files atomically."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .temporary_names import temporary_name

_FULL = errno.ENOSPC
# A disk with less bytes is full.
_LEAST = 65536
_SAID = os.strerror(_FULL), 'unexpected pos', 'file write failed'


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path; on success its file replaces ``path``.

    Readers therefore never see a file that is only partly written. The file
    and its folder are flushed to disk, so that this holds after a power cut,
    too: some milliseconds per file. Many small files belong in a
    :func:`replacing_folder`, which does not wait for the disk. The
    temporary file has the suffix of ``path``, since some writers choose the
    format by the suffix. If the block raises an error, the temporary file is
    deleted and ``path`` is not changed. If the process is killed, the file
    stays until :func:`~hirl_mm.files.remove_leftovers` deletes it.

    Args:
        path: Path of the file to write; its folder is created if missing.

    Raises:
        OSError: If the disk is full, with the path, whatever the writer
            raises then.

    Example:
        >>> with replacing('report.json') as temporary:
        ...     _ = temporary.write_text('{}')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with _naming(path):
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
            _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems flush no folders.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Name the path in errors of a full disk, which writers do not."""
    try:
        yield
    except Exception as error:
        # shutil, PyTorch and safetensors have errors of their own.
        full = any(words in str(error) for words in _SAID)
        if not isinstance(error, OSError):
            full |= shutil.disk_usage(path.parent).free < _LEAST
        if not full:
            raise
        raise OSError(_FULL, os.strerror(_FULL), str(path)) from error


@contextmanager
def replacing_folder(path: str | os.PathLike, marker: str) -> Iterator[Path]:
    """Yield a temporary folder; on success it replaces ``path``.

    If the block raises an error, the temporary folder is deleted and ``path``
    is not changed.

    Args:
        path: Folder to write. It may be missing, empty, or hold an earlier
            result, which is deleted.
        marker: File below ``path`` by which an earlier result is known;
            nothing else is ever deleted.

    Raises:
        FileExistsError: If ``path`` is something else.
        OSError: If the disk is full, as of :func:`replacing`.

    Example:
        >>> with replacing_folder('page', 'index.html') as temporary:
        ...     _ = (temporary / 'index.html').write_text('<p>page</p>')
    """
    path = Path(path)
    check_replaceable(path, marker)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    temporary.mkdir()
    try:
        with _naming(path):
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_replaceable(path: str | os.PathLike, marker: str) -> None:
    """Raise FileExistsError unless :func:`replacing_folder` may replace it.

    Args:
        path: Folder to write.
        marker: File below it by which an earlier result is known.
    """
    path = Path(path)
    if not os.path.lexists(path):
        return
    is_folder = path.is_dir() and not path.is_symlink()
    if is_folder and ((path / marker).is_file() or not any(path.iterdir())):
        return
    raise FileExistsError(
        f'{path} exists and is neither empty nor an earlier result (it has '
        f'no {marker}): give the name of a new folder'
    )
