"""Removing what killed processes have left behind while they wrote."""

import os
import time
from pathlib import Path

from .temporary_names import writer_of

_HOUR = 3600


def remove_leftovers(folder: str | os.PathLike) -> list[Path]:
    """Delete temporary files that no process is going to finish.

    :func:`~hirl_mm.files.replacing` deletes its temporary file itself, unless
    the process is killed. Deleted are files of processes of this machine that
    live no more, and files of other machines that have not changed for an
    hour: whether their process lives cannot be seen from here.

    Args:
        folder: Folder; those inside it are not searched. It need not exist.

    Returns:
        The files that were deleted.
    """
    folder = Path(folder)
    removed = []
    for file in sorted(folder.glob('.*')):
        writer = writer_of(file.name)
        if writer is None or not file.is_file():
            continue
        is_here, process = writer
        if _lives(process) if is_here else _seconds_old(file) < _HOUR:
            continue
        file.unlink(missing_ok=True)
        removed.append(file)
    return removed


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # It belongs to another user.
        pass
    return True


def _seconds_old(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:  # Its process has just finished it.
        return 0.0
