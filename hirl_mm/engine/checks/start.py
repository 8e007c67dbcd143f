"""All checks of a training that tools/train.py makes before it starts."""

from mmengine.config import Config
from mmengine.runner import Runner

from hirl_mm.datasets.list_checks import check_lists
from hirl_mm.engine.runtime.found_checkpoints import find_for
from hirl_mm.engine.runtime.hook_entries import entries_of
from hirl_mm.engine.runtime.process_group import (
    check_launcher,
    rank_of_launcher,
)

from .checkpoint_files import check_checkpoint_files
from .loaders import check_loaders
from .steps import check_steps
from .work_folder import check_is_folder, check_work_folder, died_early


def check_config(cfg: Config, newest: bool = False) -> list[str]:
    """Check what can be checked before the model is built.

    A run that resumes gets the newest whole checkpoint of its folder in
    ``load_from``. If there is none, it begins as a new run does, also in a
    folder with trees of a run that was killed before its first checkpoint.
    The first process alone looks for files of another run in the work folder;
    if it stops, its launcher stops the others.

    Args:
        cfg: A training config with ``work_dir``.
        newest: Whether to resume from the newest checkpoint of the folder,
            also if ``load_from`` names the weights from which the run began.

    Returns:
        Lines for the log: newer checkpoints that are broken.

    Raises:
        OSError: If a checkpoint is missing or cannot be read.
        ValueError: If a checkpoint is refused, or a line of a list of images
            cannot be read.
        StartError: If PyTorch would refuse an option of a data loader, or the
            work folder holds files of another run.
    """
    notes = []
    hooks = entries_of(cfg, 'WorkFolderHook')
    if newest or (cfg.get('resume') and not cfg.get('load_from')):
        notes = _find_checkpoint(cfg)
        if hooks and not cfg.resume and died_early(cfg.work_dir):
            hooks[0]['restart'] = True
    resume = cfg.get('resume', False)
    check_launcher(cfg.launcher)
    check_lists(cfg)
    check_checkpoint_files(cfg, training=True)
    check_loaders(cfg)
    check_is_folder(cfg.work_dir)
    refuses = hooks and not any(
        hooks[0].get(name) for name in ('overwrite', 'restart')
    )
    if refuses and rank_of_launcher(cfg.launcher) == 0:
        check_work_folder(cfg.work_dir, resume, cfg.get('load_from'))
    return notes


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


def _find_checkpoint(cfg: Config) -> list[str]:
    """Set the checkpoint from which a run goes on.

    Returns:
        Lines about newer checkpoints that are broken.

    Raises:
        OSError: If all checkpoints are broken.
    """
    file, broken = find_for(cfg)
    if file is None and broken:
        raise OSError(broken[0])
    cfg.resume = file is not None
    # Otherwise MMEngine would read ``last_checkpoint``, whatever it holds.
    cfg.load_from = file or cfg.get('load_from')
    return [f'resuming from {file} instead: {text}' for text in broken]
