"""Checks before the first iteration that every step of a training can run."""

from collections.abc import Sized

from mmengine.dist import get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.utils import get_ori_model
from torch.utils.data import DataLoader

from hirl_mm.engine.runtime.batch_size import batch_size_of, batch_sizes_of
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.models.modules import group_size_of

from .batches import (
    check_batch_norm,
    check_contrast,
    check_queue,
    check_views,
)
from .errors import StartError
from .positives import check_positives
from .sampling import check_sampling


def check_steps(runner: Runner) -> None:
    """Check that a training has steps, and that its batches fit the model.

    Without steps a Runner would end without an error, and save a checkpoint
    of initial weights. MMPreTrain's models check batches with bare
    assertions, some of them in the last step of an epoch only.

    Args:
        runner: Runner of a training. Its data set is built if it is not yet.

    Raises:
        StartError: If there is no step, or a batch does not fit the model.
            The text says what was found and how to change it.
    """
    loop, loader = runner.train_loop, runner.train_dataloader
    unit = 'iter'
    if isinstance(loop, EpochBasedTrainLoop):
        unit = 'epoch'
    length = getattr(loop, f'max_{unit}s')
    if length < 1:
        raise StartError(
            f'train_cfg.max_{unit}s={length} is a training without a step: '
            'set it to at least 1'
        )
    check_view_place(runner)
    check_has_batch(loader)
    check_positives(runner)
    check_sampling(runner)
    model = get_ori_model(runner.model)
    group_size = group_size_of(model)
    sizes = {size // group_size for size in batch_sizes_of(loader)}
    check_views(model, loader.dataset)
    if sizes:
        check_queue(model, sizes)
        check_contrast(model, sizes)
        check_batch_norm(model, sizes, loader.dataset)


def check_view_place(runner: Runner) -> None:
    """Check that views are made where the config says.

    Args:
        runner: Runner of a training.

    Raises:
        StartError: If the config has ``views='device'``, and nothing moved
            the views there.
    """
    if runner.cfg.get('views', 'cpu') == 'cpu':
        return
    model = get_ori_model(runner.model)
    if not isinstance(model.data_preprocessor, DeviceViews):
        raise StartError(
            f'the config has views={runner.cfg.views!r}, but workers make the '
            'views. tools/train.py moves them; in a program of your own, call '
            'hirl_mm.engine.runtime.device_views.place_views(cfg) before '
            'Runner.from_cfg(cfg)'
        )


def check_has_batch(loader: DataLoader) -> None:
    """Check that a loader of a training has a batch.

    Args:
        loader: Loader of the training.

    Raises:
        StartError: If it has none.
    """
    if len(loader):
        return
    assert isinstance(loader.dataset, Sized)
    num, world_size = len(loader.dataset), get_world_size()
    if num == 0:
        raise StartError(
            f'{type(loader.dataset).__name__} of train_dataloader holds no '
            'images: correct its data_root, ann_file, data_prefix or indices'
        )
    size = batch_size_of(loader)
    most = max(1, num // world_size)
    raise StartError(
        f'the training has no step: its {num} images do not fill a batch of '
        f'{size} images on each of {world_size} process(es), and '
        'train_dataloader.drop_last=True leaves out incomplete batches. Use '
        f'more images, or train_dataloader.batch_size={most} or less'
    )
