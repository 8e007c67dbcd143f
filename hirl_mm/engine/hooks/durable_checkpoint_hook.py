from collections import deque
from pathlib import Path

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.fileio import BaseStorageBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from hirl_mm.engine.runtime.best_checkpoints import Best, best_checkpoints
from hirl_mm.engine.runtime.deferred_removal import DeferredRemoval, remove
from hirl_mm.engine.runtime.found_checkpoints import (
    RECORD,
    RUN_KEY,
    recorded,
)
from hirl_mm.files import replacing
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

_KEPT = 'keep_ckpt_ids'
_INSIDE = 'ckpt_inside_epoch'


@HOOKS.register_module()
class DurableCheckpointHook(CheckpointHook):
    """Save checkpoints so that a killed run always has one to go on from.

    MMEngine's CheckpointHook removes the old checkpoint, writes the new one
    and then writes its name to ``last_checkpoint``: a run that is killed in
    between has lost the old one, or does not find the new one. Here the new
    one is written whole (:func:`~hirl_mm.files.replacing`), then recorded,
    and only then are older ones removed. The same holds for the best
    checkpoint. A run that is killed in between leaves one file too many; the
    next start removes it, or takes it for the best checkpoint if it is that.
    If someone removes the last checkpoint, or the work folder, while the run
    goes on, the next one is saved at the end of the epoch.

    All arguments are those of `CheckpointHook
    <https://mmengine.readthedocs.io/en/latest/api/generated/
    mmengine.hooks.CheckpointHook.html>`_. If neither ``backend_args`` nor
    ``file_client_args`` are given, local files are written by the backend
    ``hirl_mm.atomic``. ``tools/train.py`` uses this hook wherever a config
    names CheckpointHook.
    """

    backend_args: dict | None
    file_backend: BaseStorageBackend | DeferredRemoval
    keep_ckpt_ids: deque[int]

    def before_train(self, runner: Runner) -> None:
        local = '://' not in str(self.out_dir or runner.work_dir)
        if local and not (self.backend_args or self.file_client_args):
            self.backend_args = dict(backend='hirl_mm.atomic')
        super().before_train(runner)
        source = runner._load_from or recorded(runner.work_dir)
        if local and runner._resume and source:
            self._clear_inside(runner, source)
            for key in self.key_indicators if self.save_best else ():
                self._take_up_best(runner, key)

    def after_train_epoch(self, runner: Runner) -> None:
        super().after_train_epoch(runner)
        if self._is_removed():
            runner.logger.warning(
                f'the last checkpoint {self.last_ckpt} was removed: a new one '
                f'is saved after epoch {runner.epoch + 1}'
            )
            self.save_after_epoch(runner)

    def save_inside_epoch(self, runner: Runner) -> str:
        """Save a checkpoint after an iteration, before its epoch has ended.

        To be called by all ranks, in ``after_train_iter``. The next
        checkpoint replaces it, whatever ``max_keep_ckpts`` says. It is not
        written if this hook has just saved one.

        Returns:
            Path of the file.
        """
        step = runner.iter + 1
        name = 'iter_{}.pth' if self.by_epoch else self.filename_tmpl
        path = self.file_backend.join_path(self.out_dir, name.format(step))
        if self.last_ckpt != path:
            meta = dict(epoch=runner.epoch, iter=step)
            older = runner.message_hub.runtime_info.get(_INSIDE, [])
            self._save(runner, path, meta, {_INSIDE: [*older, path]})
        return path

    def save_after_epoch(self, runner: Runner) -> str:
        """Save a checkpoint after an epoch, unless this hook has done so.

        To be called by all ranks, in ``after_train_epoch``.

        Returns:
            Path of the file.
        """
        meta = dict(epoch=runner.epoch + 1, iter=runner.iter)
        step = meta['epoch' if self.by_epoch else 'iter']
        if self.last_ckpt != self._path(step):
            self._save_checkpoint_with_step(runner, step, meta)
        return self._path(step)

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        kept, info = [], {}
        if self.max_keep_ckpts > 0:
            kept = [old for old in self.keep_ckpt_ids if old != step]
            # With the old ones, for a start after a kill to remove them.
            info[_KEPT] = kept = [*kept, step]
        self._save(runner, self._path(step), meta, info)
        if self.max_keep_ckpts > 0:
            self.keep_ckpt_ids = deque(kept, self.max_keep_ckpts)
            latest = list(self.keep_ckpt_ids)
            runner.message_hub.update_info(_KEPT, latest)
            if is_main_process():
                for old in kept[: -self.max_keep_ckpts]:
                    remove(self.file_backend, self._path(old))

    def _save(self, runner: Runner, path: str, meta: dict, info: dict) -> None:
        """Write a checkpoint and record it, then remove those inside epochs.

        Args:
            runner: Runner of the training.
            path: Path of the checkpoint, in the folder of this hook.
            meta: Position in the training.
            info: Entries of the message hub that the checkpoint holds.
        """
        hub = runner.message_hub
        for key, value in dict(info, last_ckpt=path).items():
            hub.update_info(key, value)
        for hook in runner.hooks:
            if isinstance(hook, NamedHook):
                hook.gather_state(runner)
        runner.save_checkpoint(
            self.out_dir,
            Path(path).name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        self.last_ckpt = path
        if is_main_process():
            with replacing(Path(runner.work_dir) / RECORD) as temporary:
                temporary.write_text(path)
        self._clear_inside(runner, path)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        if not self.save_best:
            return
        backend = self.file_backend
        self.file_backend = deferred = DeferredRemoval(backend)
        try:
            super()._save_best_checkpoint(runner, metrics)
        finally:
            self.file_backend = backend
        deferred.finish(kept=set(self._best_paths()))

    def _clear_inside(self, runner: Runner, current: str | Path) -> None:
        """Remove checkpoints inside epochs but for the current one."""
        hub = runner.message_hub
        kept = []
        for path in hub.runtime_info.get(_INSIDE, []):
            # The folder may have been moved since.
            name = Path(path).name
            here = self.file_backend.join_path(self.out_dir, name)
            if name == Path(current).name:
                kept.append(here)
            elif is_main_process():
                remove(self.file_backend, here)
        if _INSIDE in hub.runtime_info:
            hub.update_info(_INSIDE, kept)

    def _take_up_best(self, runner: Runner, key: str) -> None:
        """Keep the last best checkpoint before this position alone."""
        hub = runner.message_hub
        found: list[list[Best]] = [[]]
        if is_main_process():
            found = [self._best_until_now(runner, key)]
        broadcast_object_list(found)
        if not found[0]:
            return
        *old, best = found[0]
        several = len(self.key_indicators) > 1
        end = f'_{key}' if several else ''
        hub.update_info(f'best_score{end}', best.info[f'best_score{end}'])
        hub.update_info(f'best_ckpt{end}', best.file)
        if several:
            self.best_ckpt_path_dict[key] = best.file
        else:
            self.best_ckpt_path = best.file
        if is_main_process():
            for other in old:
                remove(self.file_backend, other.file)

    def _best_until_now(self, runner: Runner, key: str) -> list[Best]:
        run = runner.message_hub.get_info(RUN_KEY)
        here = runner.epoch if self.by_epoch else runner.iter
        try:
            found = best_checkpoints(
                self.out_dir, key, self.filename_tmpl, run
            )
        except OSError as error:
            runner.logger.warning(str(error))
            return []
        return [
            best
            for best in found
            if (best.epoch if self.by_epoch else best.iter) <= here
        ]

    def _is_removed(self) -> bool:
        """Whether the last file that this process has saved is gone."""
        if self.last_ckpt is None or '://' in self.last_ckpt:
            return False
        gone = [not Path(self.last_ckpt).exists()]
        broadcast_object_list(gone)
        return gone[0]

    def _best_paths(self) -> list[str | None]:
        paths = getattr(self, 'best_ckpt_path_dict', {}).values()
        return [*paths, getattr(self, 'best_ckpt_path', None)]

    def _path(self, step: int) -> str:
        name = self.filename_tmpl.format(step)
        return self.file_backend.join_path(self.out_dir, name)
