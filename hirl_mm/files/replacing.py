"""Writing files atomically."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .disk_errors import naming
from .temporary_names import temporary_name


@contextmanager
def replacing(
    path: str | os.PathLike, size: int | None = None
) -> Iterator[Path]:
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
        size: Bytes that the block writes, for an error; None if it is not
            known.

    Raises:
        FullDiskError: If the disk is full, whatever the writer raises then.
        OSError: With the path, if the disk has another fault.

    Example:
        >>> with replacing('report.json') as temporary:
        ...     _ = temporary.write_text('{}')
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with naming(path, temporary, size):
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
            _flush(path.parent)
    finally:
        with suppress(OSError):  # There is none, or the disk is read-only.
            temporary.unlink()


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
        FullDiskError: If the disk is full.
        OSError: With the path, if the disk has another fault.

    Example:
        >>> with replacing_folder('page', 'index.html') as temporary:
        ...     _ = (temporary / 'index.html').write_text('<p>page</p>')
    """
    path = Path(path)
    check_replaceable(path, marker)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with naming(path, temporary):
            temporary.mkdir()
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
