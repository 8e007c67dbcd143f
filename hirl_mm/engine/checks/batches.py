"""Checks that the batches of a training fit its model."""

import copy
from collections.abc import Collection

import torch
from mmengine.dataset import BaseDataset
from mmengine.dist import get_world_size
from mmpretrain.models import ImageClassifier
from mmpretrain.models.selfsup import (
    BYOL,
    BarlowTwins,
    BaseSelfSupervisor,
    DenseCL,
    MoCo,
    MoCoV3,
    SimCLR,
    SimSiam,
    SwAV,
)
from torch import nn

from hirl_mm.models.modules.embedding_queue import EmbeddingQueue
from hirl_mm.models.selfsup import HCCL, SSPRL, SelfDistillation
from hirl_mm.seeding import seeded

from .errors import StartError
from .first_views import first_views

# Models that pass one view after the other through their networks.
_VIEW_BY_VIEW = BYOL, BarlowTwins, DenseCL, HCCL, MoCo, MoCoV3, SimSiam
# Models that pass several views at a time.
_VIEWS_TOGETHER = SimCLR, SwAV, SSPRL, SelfDistillation
# Models that tell the images of a step apart.
_COMPARE_IMAGES = MoCoV3, SimCLR, SwAV, SSPRL
# Beginning of the message of PyTorch about a batch of one value.
_ONE_VALUE = 'Expected more than 1 value per channel'


def check_views(model: nn.Module, dataset: BaseDataset) -> None:
    """Check that a data set gives the views that a method compares.

    The first sample is loaded; the random states are restored afterwards.

    Args:
        model: Model of the training.
        dataset: Data set of the training.

    Raises:
        StartError: If the model needs at least two views, and the pipeline
            gives less, or if it needs the patches of other scales.
    """
    if isinstance(model, SSPRL):
        views = first_views(model, dataset)
        try:
            model.views_of_scales(views)
        except ValueError as error:
            raise StartError(str(error)) from error
        return
    if not isinstance(model, (*_VIEW_BY_VIEW, SimCLR, SwAV)):
        return
    num = len(first_views(model, dataset))
    if num < 2:
        raise StartError(
            f'{type(model).__name__} compares at least 2 views of an image, '
            f'but the training gives {num}: use '
            "dict(type='MultiView', num_views=[2], transforms=[[...]]) in the "
            'pipeline of train_dataloader'
        )


def check_queue(model: nn.Module, sizes: Collection[int]) -> None:
    """Check that batches fit the queue of a model.

    Args:
        model: Model of the training.
        sizes: Batch sizes that occur on this rank.

    Raises:
        StartError: If the length of a queue is no multiple of the number of
            images per step.
    """
    for module in model.modules():
        if isinstance(module, EmbeddingQueue):
            for size in sizes:
                try:
                    module.check_batch(size)
                except ValueError as error:
                    raise StartError(str(error)) from error
    if not isinstance(model, (DenseCL, MoCo)):
        return
    world_size, length = get_world_size(), model.queue_len
    if len(sizes) > 1:
        raise StartError(
            f'the queue of {type(model).__name__} takes batches of one size, '
            f'but the last batch of an epoch has {min(sizes)} images per '
            f'process instead of {max(sizes)}: set '
            'train_dataloader.drop_last=True'
        )
    images = max(sizes) * world_size
    if length < 1 or length % images:
        below = length // images * images
        fitting = [n for n in (below, below + images) if n > 0]
        raise StartError(
            f'model.queue_len={length} must be a multiple of the '
            f'{images} images of a step ({max(sizes)} on each of {world_size} '
            'process(es)): use model.queue_len='
            f'{" or ".join(map(str, fitting))}, or another '
            'train_dataloader.batch_size'
        )


def check_contrast(model: nn.Module, sizes: Collection[int]) -> None:
    """Check that a step has images to tell apart.

    Args:
        model: Model of the training.
        sizes: Batch sizes that occur on this rank.

    Raises:
        StartError: If the model tells the images of a step apart, and a step
            has one image.
    """
    if (
        isinstance(model, _COMPARE_IMAGES)
        and min(sizes) * get_world_size() < 2
    ):
        raise StartError(
            f'{type(model).__name__} learns to tell the images of a step '
            f'apart, but a step has one image: {_larger(sizes)}'
        )


def check_batch_norm(
    model: nn.Module, sizes: Collection[int], dataset: BaseDataset
) -> None:
    """Check that batch normalisation gets more than one value per channel.

    Only batches of one image can be too small. For these the first sample is
    passed through a copy of a convolutional backbone.

    Args:
        model: Model of the training.
        sizes: Batch sizes that occur on this rank.
        dataset: Data set of the training.

    Raises:
        StartError: If a batch of one image is too small for a layer.
    """
    known = BaseSelfSupervisor, ImageClassifier
    if min(sizes) > 1 or not isinstance(model, known):
        return
    if isinstance(model, _VIEWS_TOGETHER):
        return
    layer = _layer_on_vectors(model) or _layer_on_maps(model, dataset)
    if layer is not None:
        raise StartError(
            f'{layer} is a batch normalisation and needs at least 2 images '
            f'per batch, got 1: {_larger(sizes)}'
        )


def _larger(sizes: Collection[int]) -> str:
    if max(sizes) > 1:
        return (
            'the last batch of an epoch has one image. Set '
            'train_dataloader.drop_last=True'
        )
    return 'use train_dataloader.batch_size=2 or more'


def _layer_on_vectors(
    model: BaseSelfSupervisor | ImageClassifier,
) -> str | None:
    """Name of a layer that normalises vectors over the batch of a rank."""
    kinds: tuple[type[nn.Module], ...] = (nn.BatchNorm1d,)
    if get_world_size() == 1:
        kinds = nn.BatchNorm1d, nn.SyncBatchNorm
    backbone = {id(module) for module in model.backbone.modules()}
    for name, module in model.named_modules():
        if isinstance(module, kinds) and id(module) not in backbone:
            return name
    return None


def _layer_on_maps(
    model: BaseSelfSupervisor | ImageClassifier, dataset: BaseDataset
) -> str | None:
    """Name of the backbone if it has maps of a single value in training."""
    kinds = {type(module) for module in model.backbone.modules()}
    # The latter sees the images of all ranks, and works on GPUs only.
    if nn.BatchNorm2d not in kinds or nn.SyncBatchNorm in kinds:
        return None
    view = first_views(model, dataset)[0]
    with seeded(0), torch.no_grad():
        backbone = copy.deepcopy(model.backbone).cpu()
        backbone.train()  # Returns nothing in MMPreTrain.
        try:
            backbone(view[None].cpu().float())
        except ValueError as error:
            if _ONE_VALUE not in str(error):
                raise
            return 'a layer of the backbone'
    return None
