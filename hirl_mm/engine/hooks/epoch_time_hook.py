import time

import torch
from mmengine.runner import Runner

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS

_PARTS = 'before', 'data', 'steps', 'after'


@HOOKS.register_module()
class EpochTimeHook(NamedHook):
    """Where the time of an epoch goes, for ``tools/epoch_time.py``.

    MMEngine logs the time of the last few iterations and nothing of what
    comes between two epochs. This logs the seconds of every epoch in four
    parts without a gap, the first process's, by the clock on the wall:
    ``epoch/seconds_before``, the hooks before the first step (the tree, the
    kNN probe); ``epoch/seconds_data``, waiting for batches;
    ``epoch/seconds_steps``, the steps and what hooks do around each; and
    ``epoch/seconds_after``, the hooks after the last step (the checkpoint).
    It runs with the lowest priority, after all hooks that take long. A GPU
    is waited for once, after the last step of an epoch.

    Any run takes it: ``--cfg-options
    default_hooks.epoch_time.type=hirl_mm.EpochTimeHook``.

    Raises:
        ValueError: Before the first iteration, if the training does not
            count epochs.
    """

    config_name = 'epoch_time'
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        check_counts_epochs(runner, 'EpochTimeHook times epochs')
        self._restart()
        self._last = time.perf_counter()

    def before_train_epoch(self, runner: Runner) -> None:
        self._add('before')

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None
    ) -> None:
        self._add('data')

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        last = self.end_of_epoch(runner.train_dataloader, batch_idx)
        if last and torch.cuda.is_available():
            torch.cuda.synchronize()
        self._add('steps')

    def after_train_epoch(self, runner: Runner) -> None:
        self._add('after')
        scalars = {
            f'epoch/seconds_{part}': seconds
            for part, seconds in self._seconds.items()
        }
        runner.visualizer.add_scalars(scalars, step=runner.epoch + 1)
        self._restart()

    def _restart(self) -> None:
        self._seconds = dict.fromkeys(_PARTS, 0.0)

    def _add(self, part: str) -> None:
        """Count the time since the last call to a part."""
        now = time.perf_counter()
        self._seconds[part] += now - self._last
        self._last = now
