"""One pass of a frozen model over a data set."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from mmengine.dataset import (
    BaseDataset,
    Compose,
    DefaultSampler,
    default_collate,
)
from mmengine.dist import all_reduce, get_world_size
from mmengine.model import BaseModel
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm
from mmpretrain.models import SelfSupDataPreprocessor, TwoNormDataPreprocessor
from torch import Tensor, nn
from torch.utils.data import DataLoader

from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.features import NonFiniteFeaturesError, extract_features
from hirl_mm.models.modules import pooled


class FeaturePassError(ValueError):
    """Features are NaN or infinite."""


def feature_loader(
    dataset: BaseDataset,
    pipeline: list[dict] | None,
    batch_size: int,
    num_workers: int,
) -> DataLoader:
    """A loader of this rank's share of a data set, in order.

    Args:
        dataset: Is not changed. Its annotations are shared, not copied.
        pipeline: Takes the place of the data set's own; None keeps that.
        batch_size: Of this loader.
        num_workers: Of this loader.

    Returns:
        A loader that draws nothing from the global random states.

    Raises:
        ValueError: If the first sample, which is read here, comes out of the
            pipeline without its index.
    """
    dataset = copy.copy(dataset)
    dataset.test_mode = True
    if pipeline is not None:
        dataset.pipeline = Compose(pipeline)
    if 'sample_idx' not in dataset[0]['data_samples']:
        raise ValueError(
            'features are sorted by sample_idx, which the pipeline does not '
            f'pack: {dataset.pipeline}. End it with PackInputs and leave '
            "'sample_idx' in its meta_keys, where it is by default"
        )
    return DataLoader(
        dataset,
        batch_size=batch_size,
        num_workers=num_workers,
        sampler=DefaultSampler(dataset, shuffle=False, seed=0, round_up=False),
        collate_fn=default_collate,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),
    )


def feature_pass(
    model: BaseModel,
    extract: Callable[[Tensor], Tensor],
    loader: DataLoader,
    what: str,
) -> tuple[Tensor, Tensor]:
    """Features of all samples of a loader's data set, spread over the ranks.

    Args:
        model: Is in evaluation mode meanwhile, its running statistics
            averaged over the ranks.
        extract: From images (B, 3, H, W) to features (B, D).
        loader: From :func:`feature_loader`.
        what: Names the pass in log lines and errors.

    Returns:
        Sample indices (n,) and features (n, D) of this rank.

    Raises:
        FeaturePassError: If features are NaN or infinite; their sample
            indices and paths are named.
        ValueError: If sample indices collide.
    """

    def of_batch(batch: dict) -> Tensor:
        return extract(normalized_images(model, batch))

    dataset = loader.dataset
    with named_by_path(dataset, what), evaluation_pass(model):
        return extract_features(
            of_batch, logged_progress(loader, what), len(dataset)
        )


@contextmanager
def evaluation_pass(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a block, with the same statistics on all ranks."""
    average_batch_norm_statistics(model)
    with evaluating(model):
        yield


@contextmanager
def named_by_path(dataset: BaseDataset, what: str) -> Iterator[None]:
    """Say of features that are not finite whose they are.

    Args:
        dataset: Of the samples.
        what: Names the pass.

    Raises:
        FeaturePassError: In place of a NonFiniteFeaturesError of the block.
    """
    try:
        yield
    except NonFiniteFeaturesError as error:
        paths = [
            dataset.get_data_info(idx).get('img_path')
            for idx in error.sample_idx
        ]
        raise FeaturePassError(
            f'{what}: {error.finding} ({", ".join(map(str, paths))}). '
            'Training has diverged or an image is broken; resume from an '
            'earlier checkpoint with a lower learning rate, or mend the image'
        ) from error


def normalized_images(model: BaseModel, batch: dict) -> Tensor:
    """Single images as the backbone is trained on them.

    BEiT's preprocessor knows pairs alone, the image and the one for the
    tokenizer: of a batch of single images it would take the first two for a
    pair. Here they all pass as first images.

    Args:
        model: Its ``data_preprocessor`` is used.
        batch: With ``inputs``, uint8 images (B, 3, H, W) in BGR.

    Returns:
        (B, 3, H, W) float32, on the device of the model.
    """
    preprocessor = model.data_preprocessor
    if isinstance(preprocessor, TwoNormDataPreprocessor):
        return SelfSupDataPreprocessor.forward(preprocessor, batch)['inputs']
    return preprocessor(batch, False)['inputs']


def whole_backbone_features(
    model: BaseModel, loader: DataLoader, what: str
) -> Tensor:
    """Pooled backbone features of a data set, (N, C), on every rank.

    See :func:`feature_pass` for the arguments and the errors.
    """
    sample_idx, features = feature_pass(
        model, pooled_backbone(model), loader, what
    )
    whole = features.new_zeros(len(loader.dataset), features.size(1))
    whole[sample_idx] = features
    all_reduce(whole)
    return whole


def pooled_backbone(model: BaseModel) -> Callable[[Tensor], Tensor]:
    """The evaluated representation: images to backbone features (B, C)."""

    def extract(inputs: Tensor) -> Tensor:
        return pooled(model.extract_feat(inputs)[-1])

    return extract


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for a block."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def average_batch_norm_statistics(model: nn.Module) -> None:
    """Give all ranks the same running statistics, the mean of theirs.

    Without it, per-GPU batch normalisation gives an image other features on
    every rank, and what is clustered depends on how images were dealt out.
    """
    if get_world_size() == 1:
        return
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            all_reduce(module.running_mean, 'mean')
            all_reduce(module.running_var, 'mean')
