"""Files that a run writes into its work folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from hirl_mm.structures import NeighborTable, PrototypeTree

# Folders inside the work_dir of a run that hold its latest trees and tables
# of nearest neighbours.
TREES_FOLDER = 'prototype_trees'
NEIGHBORS_FOLDER = 'neighbors'


def epoch_files(
    work_dir: str | os.PathLike, folder: str, last: int | None = None
) -> list[Path]:
    """Return the files ``epoch_*.pth`` of a folder, ascending by epoch.

    Args:
        work_dir: Work folder of a run.
        folder: Folder inside of it.
        last: Last epoch, counted from 1; None for all.
    """
    files = (Path(work_dir) / folder).glob('epoch_*.pth')
    files = (f for f in files if f.stem[6:].isdigit())
    return sorted(
        (f for f in files if last is None or epoch_of(f) <= last), key=epoch_of
    )


def epoch_of(file: Path) -> int:
    """Return the epoch of one of :func:`epoch_files`, counted from 1."""
    return int(file.stem[6:])


def save_of_epoch(
    value: PrototypeTree | NeighborTable,
    folder: Path,
    epoch: int,
    own: Sequence[Path],
    max_keep: int,
) -> list[Path]:
    """Write ``epoch_k.pth`` and delete the oldest files of the run.

    Args:
        value: What to write.
        folder: Folder of the files.
        epoch: Epoch of the value, counted from 1.
        own: Earlier files of this run, ascending by epoch. Other files in the
            folder are not deleted.
        max_keep: Number of latest files to keep; -1 for all.

    Returns:
        Files of this run that are kept.
    """
    new = folder / f'epoch_{epoch}.pth'
    value.save(new)
    files = [*(old for old in own if old != new), new]
    if max_keep < 0:
        return files
    num_old = max(0, len(files) - max_keep)
    for old in files[:num_old]:
        old.unlink(missing_ok=True)
    return files[num_old:]


def moved_path(path: str, folder: Path) -> str | None:
    """Return where a file of a run is in the folder that it uses now.

    Args:
        path: Path of the file that was stored in a checkpoint.
        folder: Folder into which this run writes its checkpoints.

    Returns:
        Path in ``folder``; None if the file is not there, because the run is
        resumed in another folder.
    """
    here = folder / Path(path).name
    return str(here) if here.exists() else None
