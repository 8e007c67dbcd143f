from functools import partial
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import as_tensor

from hirl_mm.engine.bad_batches.counted import BadBatches
from hirl_mm.engine.bad_batches.kept_batch import (
    BAD_BATCHES_FOLDER,
    KeptBatch,
)
from hirl_mm.engine.bad_batches.step_gate import Outcome, StepGate
from hirl_mm.engine.bad_batches.step_state import StepState
from hirl_mm.engine.runtime.found_checkpoints import latest_checkpoint
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class BadBatchHook(NamedHook):
    """Skip a batch whose loss is NaN or infinite, and keep it in a file.

    The optimizer does not step after such a batch, on any rank, and the model
    is to the bit what it was before it: weights, moving averages, queues,
    centres, running statistics, the bank of features and PyTorch's random
    states. The iteration counts, its figures do not enter the log, and one
    warning tells epoch, iteration and losses. With gradient accumulation,
    the gradients that were accumulated before it are dropped with it.

    A gradient that is not finite although the loss is, is found before the
    step on a CPU and with ``clip_grad``, and treated likewise. On a GPU
    without ``clip_grad`` it is found after the step, which is then lost:
    training stops. Steps that a loss scaler skips are its way to work, and
    stop the training only if there are ``max_bad`` in a row.

    The batch as the model got it goes to a file of tensors and plain types,
    ``bad_batches/epoch_E_iter_I_rank_R.pth`` in the work folder, with its
    losses, seed, random states and the newest checkpoint. ``tools/replay.py``
    runs it again.

    The cost is a copy per step of buffers and moving averages, see
    :class:`~hirl_mm.engine.bad_batches.step_state.StepState`, and a read of
    the gradients: on one core 14 ms for MoCo v2 with ResNet-50 and 65,536
    keys, 0.5 % of a step of 8 images. A GPU waits for nothing but what
    MMEngine's own log makes it wait for.

    Args:
        action: ``'skip'``, or ``'stop'`` at the first bad batch.
        max_bad: Number of bad batches in a row that stops the training.
        max_files: Number of batches that each rank keeps in files at most
            per start of the run; 0 keeps none.

    Raises:
        ValueError: If an argument is out of range.
        StoppedError: See above. It names the newest checkpoint.
    """

    config_name = 'bad_batch'
    # Before RuntimeInfoHook, which logs the figures of a step.
    priority = 'HIGHEST'

    def __init__(
        self, action: str = 'skip', max_bad: int = 10, max_files: int = 3
    ) -> None:
        if max_files < 0:
            raise ValueError(f'max_files must be at least 0, got {max_files}')
        self.max_files = max_files
        self._num_files = 0
        self._bad = BadBatches(action, max_bad)
        self._gate: StepGate | None = None

    def before_train(self, runner: Runner) -> None:
        if isinstance(runner.optim_wrapper, OptimWrapperDict):
            runner.logger.warning(
                'batches with a broken loss are not skipped: BadBatchHook '
                'watches one optimizer, and this training has several'
            )
            return
        self._state = StepState(get_ori_model(runner.model))
        self._gate = StepGate(runner.optim_wrapper, self._state.after_forward)

    def after_train(self, runner: Runner) -> None:
        if self._gate is not None:
            self._gate.remove()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        if self._gate is not None:
            self._views_made = _views_made(runner)
            self._gate.restart()
            self._state.keep()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        if self._gate is None:
            return
        outcome = self._gate.outcome()
        if outcome is Outcome.GOOD:
            if self._gate.has_stepped():
                self._bad.clear()
            return
        losses = {k: as_tensor(v).item() for k, v in (outputs or {}).items()}
        where = f'epoch {runner.epoch + 1}, iteration {runner.iter + 1}'
        file = None
        if outcome is Outcome.LOSS and not self._gate.is_own():
            where += ', on another rank'
        elif outcome is not Outcome.OVERFLOW:
            file = self._keep(runner, data_batch, outcome, losses)
        if outcome is not Outcome.OVERFLOW:
            self._undo(runner, outputs)
        advice = partial(_advice, runner, file)
        what = self._bad.add(outcome, where, losses, advice)
        if outcome is not Outcome.OVERFLOW:
            kept = f', and kept in {file}' if file else ''
            runner.logger.warning(what + kept)

    def _undo(self, runner: Runner, outputs: dict | None) -> None:
        """Bring the model back, and keep the figures out of the log."""
        self._state.restore()
        runner.optim_wrapper.zero_grad()
        if outputs:
            outputs.clear()

    def _keep(
        self,
        runner: Runner,
        batch: object,
        outcome: Outcome,
        losses: dict[str, float],
    ) -> Path | None:
        if self._num_files >= self.max_files:
            return None
        self._num_files += 1
        return KeptBatch(
            batch=batch,
            why=outcome.value,
            losses=losses,
            epoch=runner.epoch + 1,
            iteration=runner.iter + 1,
            rank=get_rank(),
            seed=runner.seed,
            max_epochs=runner.max_epochs,
            max_iters=runner.max_iters,
            rates=runner.optim_wrapper.get_lr()['lr'],
            checkpoint=latest_checkpoint(runner.work_dir),
            random=self._state.random,
            num_views_made=self._views_made,
        ).save(Path(runner.work_dir) / BAD_BATCHES_FOLDER)


def _views_made(runner: Runner) -> int | None:
    preprocessor = get_ori_model(runner.model).data_preprocessor
    if isinstance(preprocessor, DeviceViews):
        return preprocessor.num_batches
    return None


def _advice(runner: Runner, file: Path | None) -> str:
    """Return from what to resume, and which batch to look at first."""
    newest = latest_checkpoint(runner.work_dir)
    where = f'Resume from {newest}' if newest else 'Start anew'
    folder = Path(runner.work_dir) / BAD_BATCHES_FOLDER
    kept = [file] if file else sorted(folder.glob('*.pth'))
    if not kept:
        return where
    return f'tools/replay.py {kept[0]} shows what breaks. {where}'
