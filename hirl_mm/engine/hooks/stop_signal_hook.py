from collections.abc import Callable
from typing import Any, NoReturn

import torch
import torch.distributed as dist
from mmengine.runner import EpochBasedTrainLoop, Runner

from hirl_mm.engine.checks.errors import StoppedBySignal
from hirl_mm.engine.runtime.stop_signals import stop_signals
from hirl_mm.ranks import rank_and_world_size
from hirl_mm.registry import HOOKS

from .durable_checkpoint_hook import DurableCheckpointHook
from .named_hook import NamedHook


@HOOKS.register_module()
class StopSignalHook(NamedHook):
    """End the training with a checkpoint when the cluster asks for it.

    Clusters send SIGTERM, or with Slurm's ``--signal=USR1@SECONDS`` SIGUSR1,
    before they end a job. The run then finishes its iteration, saves a
    checkpoint from which it goes on, and raises StoppedBySignal, at which
    ``tools/train.py`` exits with status 75. A feature pass is finished
    first, and nothing is saved if no iteration has been made since the
    checkpoint.

    Several processes must stop after the same iteration, and the signal may
    have come to one of them only. They ask each other every ``interval``
    iterations and after every epoch: an ``all_reduce`` of one number between
    CPUs, for which no GPU waits.

    Args:
        interval: Number of iterations after which processes ask each other. A
            single process stops after the current one.

    Raises:
        ValueError: If ``interval`` is below 1.
        StoppedBySignal: When the run has stopped.
    """

    config_name = 'stop_signal'
    # After the CheckpointHook.
    priority = 'LOWEST'

    def __init__(self, interval: int = 10) -> None:
        if interval < 1:
            raise ValueError(f'interval must be at least 1, got {interval}')
        self.interval = interval
        self._group: dist.ProcessGroup | None = None

    def before_train(self, runner: Runner) -> None:
        stop_signals.listen()
        _, world_size = rank_and_world_size()
        if world_size > 1:
            self._group = dist.new_group(backend='gloo')
        if self._is_asked():
            self._stop(runner, f'before iteration {runner.iter + 1}')

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        several = self._group is not None
        if several and not self.every_n_train_iters(runner, self.interval):
            return
        if not _is_end(runner) and self._is_asked():
            saved = _save(runner, DurableCheckpointHook.save_inside_epoch)
            self._stop(runner, f'after iteration {runner.iter + 1}, {saved}')

    def after_train_epoch(self, runner: Runner) -> None:
        if not self.is_last_train_epoch(runner) and self._is_asked():
            saved = _save(runner, DurableCheckpointHook.save_after_epoch)
            self._stop(runner, f'after epoch {runner.epoch + 1}, {saved}')

    def after_train(self, runner: Runner) -> None:
        stop_signals.close()

    def _is_asked(self) -> bool:
        """Whether a signal has come to any process."""
        asked = stop_signals.received is not None
        if self._group is None:
            return asked
        flag = torch.tensor(int(asked))
        dist.all_reduce(flag, dist.ReduceOp.MAX, self._group)
        return bool(flag)

    def _stop(self, runner: Runner, where: str) -> NoReturn:
        name = stop_signals.received or 'a signal to another process'
        line = f'stopped by {name} {where}. --resume continues the run'
        runner.logger.warning(line)
        # Slurm ends all processes as soon as one has ended.
        if self._group is not None:
            dist.barrier(self._group)
        stop_signals.close()
        raise StoppedBySignal(line)


def _is_end(runner: Runner) -> bool:
    """Whether this iteration is the last of its epoch, or of all."""
    length = runner.max_iters
    if isinstance(runner.train_loop, EpochBasedTrainLoop):
        length = len(runner.train_dataloader)
    return (runner.iter + 1) % length == 0


def _save(
    runner: Runner, save: Callable[[DurableCheckpointHook, Runner], str]
) -> str:
    """Save a checkpoint; return what to say of it."""
    for hook in runner.hooks:
        if isinstance(hook, DurableCheckpointHook):
            return f'with the checkpoint {save(hook, runner)}'
    return 'without a checkpoint, because the run has no DurableCheckpointHook'
