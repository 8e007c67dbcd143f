from collections.abc import Callable
from typing import Any, Protocol

from mmengine.device import is_cuda_available
from mmengine.dist import get_world_size
from mmengine.hooks import LoggerHook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch.utils.flop_counter import FlopCounterMode

from hirl_mm.engine.runtime.batch_size import batch_size_of
from hirl_mm.engine.runtime.device_rate import product_rate, training_dtype
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

# Share of the time that waits for images above which there is a warning.
_MOST_WAITING = 0.1


class _TakesSteps(Protocol):
    train_step: Callable[..., dict]


@HOOKS.register_module()
class ThroughputHook(NamedHook):
    """Log how fast a training is, and what slows it down.

    With every line of the log, for the iterations since the last one:

    - ``images_per_second``, over all processes
    - ``waiting_share``: share of the time that the first process waits for a
      batch. Above a tenth, one warning on a GPU says which option helps. On a
      CPU, images are read by the processor that trains.
    - ``peak_share``: share of the rate of a matrix product that the steps
      reach, waiting included. The operations of a step are counted by PyTorch
      in the first one, forward and backward; the rate is measured before it
      on the same device in the type of the training.

    A training whose batch size is not known logs ``waiting_share`` alone.
    """

    config_name = 'throughput'
    # After MMEngine's timer, before its logger.
    priority = 'NORMAL'

    def before_train(self, runner: Runner) -> None:
        size = batch_size_of(runner.train_dataloader)
        self._images = size and size * get_world_size()
        (logger, *_) = [
            *(h for h in runner.hooks if isinstance(h, LoggerHook)),
            LoggerHook(),
        ]
        self._interval = logger.interval
        self._warned = not is_cuda_available()
        self._flops: int | None = None
        device = next(get_ori_model(runner.model).parameters()).device
        self._rate = product_rate(device, training_dtype(runner.optim_wrapper))
        self._restart()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        if self._flops is None:
            self._count_next_step(runner.model)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        hub = runner.message_hub
        self._steps += 1
        self._seconds += hub.get_scalar('train/time').current()
        self._waited += hub.get_scalar('train/data_time').current()
        if not self.every_n_inner_iters(batch_idx, self._interval):
            return
        waiting = self._waited / self._seconds
        hub.update_scalar('train/waiting_share', waiting)
        if self._images:
            assert self._flops is not None  # of the first step
            images = self._images * self._steps / self._seconds
            hub.update_scalar('train/images_per_second', images)
            flops = self._flops * self._steps / self._seconds
            hub.update_scalar('train/peak_share', flops / self._rate)
        # Workers start in the first iterations of an epoch.
        if waiting > _MOST_WAITING and batch_idx >= 2 * self._interval:
            self._warn(runner, waiting)
        self._restart()

    def after_train_epoch(self, runner: Runner) -> None:
        self._restart()

    def _count_next_step(self, model: _TakesSteps) -> None:
        """Count the operations of the next step, and of no other.

        A counter that is open from one hook to another would stay open if the
        step fails, and count whatever the process does afterwards.
        """
        step = model.train_step

        def counted(*args: Any, **kwargs: Any) -> dict:
            del model.train_step  # That of the class is there again.
            with FlopCounterMode(display=False) as counter:
                outputs = step(*args, **kwargs)
            self._flops = counter.get_total_flops()
            return outputs

        model.train_step = counted

    def _restart(self) -> None:
        self._steps = 0
        self._seconds = self._waited = 0.0

    def _warn(self, runner: Runner, waiting: float) -> None:
        if self._warned:
            return
        self._warned = True
        workers = runner.train_dataloader.num_workers
        ways = [
            f'train_dataloader.num_workers, now {workers}, up to the number '
            'of cores that each process has'
        ]
        model = get_ori_model(runner.model)
        preprocessor = getattr(model, 'data_preprocessor', None)
        if not isinstance(preprocessor, DeviceViews):
            ways.insert(0, 'views=device, which makes the views on the GPU')
        runner.logger.warning(
            f'the GPU waits for images {waiting:.0%} of the time. Faster '
            f'with --cfg-options {"; or ".join(ways)}'
        )
