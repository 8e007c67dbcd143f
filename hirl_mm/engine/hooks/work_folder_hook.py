import shutil
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from hirl_mm.engine.checks.errors import StartError
from hirl_mm.engine.checks.work_folder import (
    died_early,
    files_of_runs,
    goes_on_here,
    used_folder,
)
from hirl_mm.engine.runtime.run_files import (
    NEIGHBORS_FOLDER,
    TREES_FOLDER,
    moved_path,
)
from hirl_mm.files import remove_leftovers
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class WorkFolderHook(NamedHook):
    """Keep the files of a run apart from those of other runs.

    A new run in a folder that holds checkpoints or trees of another run is
    refused before the first iteration. A resumed run goes on in the folder of
    its checkpoint, or in one without such files. In a new folder it leaves the
    best checkpoint in the old one, which MMEngine would delete. Temporary
    files of a run that was killed while it wrote are deleted. The first
    process looks at the folder; all processes stop.

    Args:
        overwrite: Whether to delete the checkpoints and trees of the other
            run instead. Logs and configs stay, and so does the file that
            ``load_from`` names.
        restart: Whether to begin a run anew that was killed before its first
            checkpoint: its trees are replaced one after the other. This is
            for ``tools/train.py --resume``, which finds no checkpoint then.

    Raises:
        StartError: Before the first iteration, if the folder holds files of
            another run.
    """

    config_name = 'work_folder'
    priority = 'VERY_HIGH'

    def __init__(self, overwrite: bool = False, restart: bool = False) -> None:
        self.overwrite = overwrite
        self.restart = restart

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Let a resumed run know the files in its own folder only."""
        hub = checkpoint.get('message_hub') or {}
        info = hub.get('runtime_info', {})
        for key, path in info.items():
            if key.startswith('best_ckpt') and path:
                info[key] = moved_path(path, _checkpoint_folder(runner))

    def before_train(self, runner: Runner) -> None:
        refusal: list[str | None] = [None]
        if is_main_process():
            refusal = [self._refusal(runner)]
            if refusal[0] is None:
                _remove_leftovers(runner)
        broadcast_object_list(refusal)
        if refusal[0]:
            raise StartError(refusal[0])

    def _refusal(self, runner: Runner) -> str | None:
        """Return why the folder is refused; delete files if asked to."""
        folder, source = runner.work_dir, runner._load_from
        files = files_of_runs(folder)
        if not files or goes_on_here(folder, runner._resume, source):
            return None
        if self.restart and died_early(folder):
            runner.logger.warning(
                f'{folder} has no checkpoint to resume from: the run begins '
                f'anew, and replaces the {len(files)} trees or neighbours '
                'that it has left'
            )
            return None
        if not self.overwrite:
            return used_folder(folder, files)
        kept = Path(source).resolve() if source else None
        files = [file for file in files if file.resolve() != kept]
        for file in files:
            # DeepSpeed writes a folder instead of a file.
            shutil.rmtree(file) if file.is_dir() else file.unlink()
        runner.logger.warning(
            f'deleted {len(files)} files of another run in {folder}: '
            + ', '.join(str(file.relative_to(folder)) for file in files)
        )
        return None


def _remove_leftovers(runner: Runner) -> None:
    folder = Path(runner.work_dir)
    places = {folder, folder / TREES_FOLDER, folder / NEIGHBORS_FOLDER}
    places.add(_checkpoint_folder(runner))
    removed = [file for place in places for file in remove_leftovers(place)]
    if removed:
        runner.logger.info(
            f'deleted {len(removed)} unfinished files of a run that was '
            'killed: ' + ', '.join(sorted(file.name for file in removed))
        )


def _checkpoint_folder(runner: Runner) -> Path:
    """Return the folder into which CheckpointHook is going to write."""
    folder = Path(runner.work_dir)
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.out_dir:
            return Path(hook.out_dir) / folder.name
    return folder
