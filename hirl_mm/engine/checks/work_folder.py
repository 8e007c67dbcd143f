"""Check that a run does not mix its files with those of another run."""

import re
from pathlib import Path

from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from hirl_mm.engine.runtime.run_files import (
    NEIGHBORS_FOLDER,
    TREES_FOLDER,
    epoch_files,
)

from .errors import StartError

_CHECKPOINT = re.compile(r'((epoch|iter)_\d+(-\w+)?|best_.+)\.pth')


def files_of_runs(folder: str | Path) -> list[Path]:
    """Return the checkpoints, trees and neighbours that a run has left.

    These are ``epoch_*.pth``, ``iter_*.pth``, ``best_*.pth``,
    ``last_checkpoint`` and the files in ``prototype_trees`` and
    ``neighbors``. Logs and configs are not among them: every start of a run
    has its own.

    Args:
        folder: Work folder; it need not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return []
    checkpoints = [
        file
        for file in sorted(folder.iterdir())
        if file.name == 'last_checkpoint' or _CHECKPOINT.fullmatch(file.name)
    ]
    for part in (TREES_FOLDER, NEIGHBORS_FOLDER):
        checkpoints += epoch_files(folder, part)
    return checkpoints


def goes_on_here(
    folder: str | Path, resume: bool, load_from: str | None
) -> bool:
    """Return whether a run continues the run whose files a folder holds.

    Args:
        folder: Work folder.
        resume: Whether the run resumes.
        load_from: Checkpoint that it resumes from; None for the latest one of
            the folder.
    """
    if not resume:
        return False
    if load_from is None:
        return latest_checkpoint(folder) is not None
    source = Path(load_from).resolve()
    if source.parent == Path(folder).resolve():
        return True
    # CheckpointHook can write checkpoints to another folder (out_dir).
    last = latest_checkpoint(folder)
    return last is not None and Path(last).resolve() == source


def used_folder(folder: str | Path, files: list[Path]) -> str:
    """Return the text that refuses a folder with files of another run.

    Args:
        folder: Work folder.
        files: Files of the other run, at least one.
    """
    names = [str(file.relative_to(folder)) for file in files]
    shown = ', '.join(names[:3]) + (', ...' if len(names) > 3 else '')
    go_on = 'To go on with that run, resume it (--resume). '
    if latest_checkpoint(folder) is None:
        go_on = 'That run has no checkpoint to resume from. '
    return (
        f'{folder} holds {len(names)} files of another run ({shown}), and '
        f'this run would mix its own with them. {go_on}To start a new run, '
        'choose another folder (--work-dir), or delete these files '
        '(--overwrite, in a config '
        'default_hooks.work_folder.overwrite=True)'
    )


def died_early(folder: str | Path) -> bool:
    """Return whether a run has left trees or neighbours and no checkpoint.

    It was killed before it had saved one.

    Args:
        folder: Work folder; it need not exist.
    """
    files = files_of_runs(folder)
    return bool(files) and all(
        file.parent.name in (TREES_FOLDER, NEIGHBORS_FOLDER) for file in files
    )


def check_work_folder(
    folder: str | Path, resume: bool, load_from: str | None
) -> None:
    """Check that a folder holds no files of another run.

    Args:
        folder: Work folder; it need not exist.
        resume: Whether the run resumes.
        load_from: Checkpoint that it resumes from or loads.

    Raises:
        StartError: If the folder holds files of another run.
    """
    files = files_of_runs(folder)
    if files and not goes_on_here(folder, resume, load_from):
        raise StartError(used_folder(folder, files))


def check_is_folder(folder: str | Path) -> None:
    """Check that a run can write into its work folder.

    Args:
        folder: Work folder; it need not exist.

    Raises:
        StartError: If there is a file of this name or of one of its parents.
    """
    for path in (Path(folder), *Path(folder).parents):
        if path.exists() and not path.is_dir():
            raise StartError(
                f'the work folder {folder} cannot be made, because {path} is '
                'a file: choose another folder (--work-dir)'
            )
