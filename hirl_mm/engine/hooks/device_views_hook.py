from collections.abc import Generator
from typing import Any

from mmengine.runner import (
    BaseLoop,
    EpochBasedTrainLoop,
    IterBasedTrainLoop,
    Runner,
)
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.runtime.prefetched_loader import (
    PrefetchedLoader,
    prefetched,
)
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class DeviceViewsHook(NamedHook):
    """Make the views of the next batch while the step runs.

    It gives :class:`~hirl_mm.models.data_preprocessors.DeviceViews` the seed
    of the run and the position of its random numbers, also after a resume. If
    the loader has workers, batches are copied and made ahead, see
    :mod:`hirl_mm.engine.runtime.prefetched_loader`; otherwise the data
    preprocessor makes them in the step.

    Raises:
        ValueError: Before the first iteration, if the model makes no views.
    """

    config_name = 'device_views'
    priority = 'NORMAL'

    def before_train(self, runner: Runner) -> None:
        preprocessor = get_ori_model(runner.model).data_preprocessor
        if not isinstance(preprocessor, DeviceViews):
            raise ValueError(
                'DeviceViewsHook needs a model whose data preprocessor is a '
                f'DeviceViews, got {type(preprocessor).__name__}: set '
                "views='device' in the config, or delete the hook by "
                'default_hooks.device_views=None'
            )
        preprocessor.seed = runner.seed
        preprocessor.num_batches = runner.iter
        self._prefetched = False
        loop = runner.train_loop
        if isinstance(loop, EpochBasedTrainLoop) and _has_workers(loop):
            loop.dataloader = PrefetchedLoader(
                loop.dataloader, preprocessor.with_views, preprocessor.device
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Prefetch in a training that counts iterations.

        A resumed loop first skips the batches that were trained on. They are
        behind it after the first step, and their views are never made.
        """
        loop = runner.train_loop
        if self._prefetched or not isinstance(loop, IterBasedTrainLoop):
            return
        self._prefetched = True
        if _has_workers(loop):
            preprocessor = get_ori_model(runner.model).data_preprocessor
            loop.dataloader_iterator = prefetched(
                loop.dataloader_iterator,
                preprocessor.with_views,
                preprocessor.device,
            )

    def after_train(self, runner: Runner) -> None:
        preprocessor = get_ori_model(runner.model).data_preprocessor
        preprocessor.seed = None
        loop = runner.train_loop
        if isinstance(loop.dataloader, PrefetchedLoader):
            loop.dataloader = loop.dataloader.loader
        iterator = getattr(loop, 'dataloader_iterator', None)
        if isinstance(iterator, Generator):
            iterator.close()


def _has_workers(loop: BaseLoop) -> bool:
    return loop.dataloader.num_workers > 0
