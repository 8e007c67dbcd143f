from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.runtime.prefetched_loader import PrefetchedLoader
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class DeviceViewsHook(NamedHook):
    """Make the views of the next batch while the step runs.

    It gives :class:`~hirl_mm.models.data_preprocessors.DeviceViews` the seed
    of the run and the position of its random numbers, also after a resume. On
    a GPU with workers, and in a training that counts epochs, batches are
    copied and made ahead by
    :class:`~hirl_mm.engine.runtime.prefetched_loader.PrefetchedLoader`;
    otherwise the data preprocessor makes them in the step.

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
        loop = runner.train_loop
        if (
            preprocessor.device.type == 'cuda'
            and loop.dataloader.num_workers
            and isinstance(loop, EpochBasedTrainLoop)
        ):
            loop.dataloader = PrefetchedLoader(
                loop.dataloader, preprocessor.with_views, preprocessor.device
            )

    def after_train(self, runner: Runner) -> None:
        preprocessor = get_ori_model(runner.model).data_preprocessor
        preprocessor.seed = None
        loop = runner.train_loop
        if isinstance(loop.dataloader, PrefetchedLoader):
            loop.dataloader = loop.dataloader.loader
