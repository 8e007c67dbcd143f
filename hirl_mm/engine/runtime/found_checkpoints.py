"""Finding the checkpoint from which a run goes on."""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from mmengine.config import Config

from hirl_mm.checkpoints import UntrustedCheckpointError, read_checkpoint
from hirl_mm.checkpoints.reader import is_address

from .hook_entries import entries_of
from .run_files import moved_path

# File in a work folder in which MMEngine records the last checkpoint.
RECORD = 'last_checkpoint'
# Entry of the message hub, and so of checkpoints, by which MMEngine knows a
# run. A resumed run keeps that of its first start.
RUN_KEY = 'experiment_name'
_TEMPLATES = 'epoch_{}.pth', 'iter_{}.pth'
_NUMBER = re.compile(r'(\d+)(?=\.\w+$)')


class Found(NamedTuple):
    """What :func:`find_checkpoint` has found.

    Args:
        file: The newest whole checkpoint; None if there is none.
        broken: What is wrong with newer ones, a line each.
    """

    file: str | None
    broken: tuple[str, ...]


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """Return the newest whole checkpoint of a run, see find_checkpoint.

    Args:
        work_dir: Work folder of a run; it need not exist.

    Returns:
        Path of the file; None if the run has left none.
    """
    return find_checkpoint(work_dir).file


def find_checkpoint(
    work_dir: str | Path,
    out_dir: str | None = None,
    template: str | None = None,
) -> Found:
    """Find the newest whole checkpoint of a run.

    These are the files ``epoch_*.pth`` and ``iter_*.pth`` and those named
    like the one in ``last_checkpoint``. The newest one is that of the latest
    epoch and iteration; of files that differ in their number alone, that of
    the highest number. What ``last_checkpoint`` says does not matter: it may
    be missing, broken, or older than a checkpoint. If it names a checkpoint,
    those of another run in the folder are passed over; if it names one of
    another folder, and the work folder has none, that folder is searched.

    A file that could run code counts as whole, and as the newest: whoever
    loads it refuses it. A recorded address, such as ``s3://...``, is taken
    as it is if there is no file.

    Args:
        work_dir: Work folder of a run; it need not exist.
        out_dir: Folder of checkpoints that the CheckpointHook has.
        template: Names of checkpoints that the CheckpointHook has, with
            ``{}`` for the number.
    """
    work_dir = Path(work_dir)
    text, named = _record(work_dir), recorded(work_dir)
    templates = [*_TEMPLATES, *filter(None, [template])]
    if named is not None:
        templates.append(_NUMBER.sub('{}', named.name))
    folders = [work_dir]
    if out_dir:
        folders.append(Path(out_dir) / work_dir.absolute().name)
    series = _series(folders, templates)
    if not series and named is not None:
        series = _series([named.parent], templates)
    if not series and is_address(text):
        return Found(text, ())
    facts = cache(_facts)  # Reading a file takes a moment.
    try:
        run = facts(named)[1] if named is not None else None
    except (OSError, ValueError):
        run = None
    found, broken = [], []
    for files in series:
        for file in files:
            try:
                position, its_run = facts(file)
            except (OSError, ValueError) as error:
                broken.append(str(error))
                continue
            if run is None or its_run in (None, run):
                found.append((position, str(file)))
                break
    return Found(max(found)[1] if found else None, tuple(broken))


def find_for(cfg: Config) -> Found:
    """Find the checkpoint from which a training of a config goes on.

    Args:
        cfg: A training config with ``work_dir``.
    """
    names = 'DurableCheckpointHook', 'CheckpointHook'
    hooks = [entry for name in names for entry in entries_of(cfg, name)]
    hook = hooks[0] if hooks else {}
    return find_checkpoint(
        cfg.work_dir, hook.get('out_dir'), hook.get('filename_tmpl')
    )


def recorded(work_dir: str | Path) -> Path | None:
    """Return the file that ``last_checkpoint`` names, if it is there.

    Args:
        work_dir: Work folder of a run, which may have been moved.
    """
    work_dir, text = Path(work_dir), _record(Path(work_dir))
    try:
        file = Path(moved_path(text, work_dir) or text)
        return file if file.is_file() else None
    except (OSError, ValueError):  # No name of a file.
        return None


def _record(work_dir: Path) -> str:
    try:
        return (work_dir / RECORD).read_text().strip()
    except (OSError, ValueError):  # There is none, or it is no text.
        return ''


def _series(folders: list[Path], templates: list[str]) -> list[list[Path]]:
    """Return the files of every folder and template, the last number first."""
    series = []
    for folder in folders:
        for template in dict.fromkeys(templates):
            parts = map(re.escape, template.split('{}', 1))
            pattern = re.compile(r'(\d+)'.join(parts))
            files = {}
            for file in folder.iterdir() if folder.is_dir() else ():
                match = pattern.fullmatch(file.name)
                if match and file.is_file():
                    files[file] = [int(number) for number in match.groups()]
            if files:
                series.append(
                    sorted(files, key=files.__getitem__, reverse=True)
                )
    return series


def _facts(file: Path) -> tuple[tuple[float, float], str | None]:
    """Return epoch and iteration of a checkpoint, and its run if known."""
    try:
        checkpoint = read_checkpoint(file)
    except UntrustedCheckpointError:
        return (math.inf, math.inf), None
    meta = checkpoint.get('meta')
    meta = meta if isinstance(meta, Mapping) else {}
    epoch, iteration = meta.get('epoch'), meta.get('iter')
    if not (isinstance(epoch, int) and isinstance(iteration, int)):
        raise ValueError(
            f'{file} is no checkpoint of a training: it does not say after '
            'which epoch and iteration it was saved'
        )
    hub = checkpoint.get('message_hub') or {}
    run = hub.get('runtime_info', {}).get(RUN_KEY)
    return (epoch, iteration), run
