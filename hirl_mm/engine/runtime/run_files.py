"""Files that a run writes into its work folder."""

from pathlib import Path

# Folder inside the work_dir of a run that holds its latest trees.
TREES_FOLDER = 'prototype_trees'


def tree_files(work_dir: str | Path) -> list[Path]:
    """Return the files of trees in a work folder, ascending by epoch.

    Args:
        work_dir: Work folder of a run.
    """
    files = (Path(work_dir) / TREES_FOLDER).glob('epoch_*.pth')
    return sorted((f for f in files if f.stem[6:].isdigit()), key=tree_epoch)


def tree_epoch(file: Path) -> int:
    """Return the epoch of the file of a tree, counted from 1."""
    return int(file.stem[6:])


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """Return the latest checkpoint of a run, also in a folder that was moved.

    Args:
        work_dir: Work folder of a run.

    Returns:
        Path of the file that ``last_checkpoint`` names; None if the run has
        saved none.
    """
    file = Path(work_dir) / 'last_checkpoint'
    if not file.is_file():
        return None
    named = file.read_text().strip()
    return moved_path(named, Path(work_dir)) or named


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
