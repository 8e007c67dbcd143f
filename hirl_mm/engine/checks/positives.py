"""Checks that a training of CsMl gets positives that fit its model."""

from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch.utils.data import DataLoader

from hirl_mm.datasets.samplers import NeighborPairSampler
from hirl_mm.engine.runtime.batch_size import batch_sizes_of
from hirl_mm.models.modules import group_size_of

from .errors import StartError


def pair_sampler_of(loader: DataLoader) -> NeighborPairSampler:
    """Return the sampler of a loader.

    Args:
        loader: Loader of a training.

    Raises:
        StartError: If it is no NeighborPairSampler.
    """
    if isinstance(loader.sampler, NeighborPairSampler):
        return loader.sampler
    raise StartError(
        'positives come from a NeighborPairSampler, but the training has a '
        f'{type(loader.sampler).__name__}: set train_dataloader.sampler='
        "dict(type='hirl_mm.NeighborPairSampler')"
    )


def check_positives(runner: Runner) -> None:
    """Check that a model which needs positives gets them.

    Args:
        runner: Runner of a training.

    Raises:
        StartError: If the sampler or its number of positives is another than
            the model's, nothing sets the positives, or a batch does not
            consist of anchors with their positives.
    """
    model, loader = get_ori_model(runner.model), runner.train_dataloader
    group_size = group_size_of(model)
    if group_size == 1:
        return
    sampler = pair_sampler_of(loader)
    if sampler.group_size != group_size:
        raise StartError(
            f'{type(model).__name__} has '
            f'num_positives={model.num_positives}, but the sampler has '
            f'num_positives={sampler.num_positives}: use the same number'
        )
    odd = [size for size in batch_sizes_of(loader) if size % group_size]
    if odd:
        raise StartError(
            f'a batch of {odd[0]} images does not consist of anchors with '
            f'{model.num_positives} positive(s) each: use a '
            f'train_dataloader.batch_size that is a multiple of {group_size}, '
            'and drop_last=True'
        )
    found = any(getattr(hook, 'gives_positives', 0) for hook in runner.hooks)
    if not found and not sampler.own_positives:
        raise StartError(
            'the NeighborPairSampler gets no positives: add '
            "neighbors=dict(type='hirl_mm.NeighborBankHook', ...) to "
            'default_hooks, or set train_dataloader.sampler.own_positives='
            'True to use every image as its own positive'
        )
