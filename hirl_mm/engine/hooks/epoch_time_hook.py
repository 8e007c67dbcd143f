import time
from typing import Any

import torch
from mmengine.runner import Runner

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.registry import HOOKS

_PARTS = 'before', 'data', 'steps', 'after'


@HOOKS.register_module()
class EpochTimeHook(NamedHook):
    """Log how long the parts of an epoch take, for ``tools/epoch_time.py``.

    MMEngine logs the time of the last few iterations, but not the time
    between two epochs. This hook splits the whole wall-clock time of every
    epoch, measured in the first process, into four parts:

    - ``epoch/seconds_before``: hooks before the first step, such as the
      clustering and the kNN probe
    - ``epoch/seconds_data``: waiting for batches
    - ``epoch/seconds_steps``: training steps, with the hooks around each
    - ``epoch/seconds_after``: hooks after the last step, such as saving the
      checkpoint

    It has the lowest priority, so that it runs after the hooks it measures.
    It synchronises with the GPU once per epoch, after the last step.

    Add it to any run with ``--cfg-options
    default_hooks.epoch_time.type=hirl_mm.EpochTimeHook``.

    Raises:
        ValueError: Before the first iteration, if the training loop does not
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
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        self._add('data')

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
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
        """Add the time since the last call to one part."""
        now = time.perf_counter()
        self._seconds[part] += now - self._last
        self._last = now
