"""All checks of a training that tools/train.py makes before it starts."""

from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner, find_latest_checkpoint

from hirl_mm.datasets.list_checks import check_lists
from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.engine.runtime.process_group import (
    check_launcher,
    rank_of_launcher,
)
from hirl_mm.engine.runtime.run_files import latest_checkpoint

from .checkpoint_files import check_checkpoint_files
from .loaders import check_loaders
from .steps import check_steps
from .work_folder import check_is_folder, check_work_folder


def check_config(cfg: Config) -> None:
    """Check what can be checked before the model is built.

    A run that resumes in a folder that was moved, or copied, gets the
    checkpoint of that folder in ``load_from``. The first process alone looks
    at the work folder; if it stops, its launcher stops the others.

    Args:
        cfg: A training config with ``work_dir``.

    Raises:
        OSError: If a checkpoint is missing or cannot be read.
        ValueError: If a checkpoint is refused, or a line of a list of images
            cannot be read.
        StartError: If PyTorch would refuse an option of a data loader, or the
            work folder holds files of another run.
    """
    resume = cfg.get('resume', False)
    if resume and not cfg.get('load_from'):
        cfg.load_from = _moved_checkpoint(cfg.work_dir)
    check_launcher(cfg.launcher)
    check_lists(cfg)
    check_checkpoint_files(cfg, training=True)
    check_loaders(cfg)
    check_is_folder(cfg.work_dir)
    hooks = entries_of(cfg, 'WorkFolderHook')
    refuses = hooks and not hooks[0].get('overwrite', False)
    if refuses and rank_of_launcher(cfg.launcher) == 0:
        check_work_folder(cfg.work_dir, resume, cfg.get('load_from'))


def check_runner(runner: Runner) -> None:
    """Check a training before its schedules are built.

    Does nothing if the config has no StartCheckHook, which makes the same
    checks later.

    Args:
        runner: Runner of a training; its data set is built.

    Raises:
        StartError: If there is no step, or a batch does not fit the model.
    """
    if entries_of(runner.cfg, 'StartCheckHook'):
        check_steps(runner)


def _moved_checkpoint(folder: str) -> str | None:
    """Return the latest checkpoint if MMEngine would look elsewhere."""
    latest = latest_checkpoint(folder)
    if latest is None:
        return None
    named = find_latest_checkpoint(folder)
    return None if Path(named).resolve() == Path(latest).resolve() else latest
