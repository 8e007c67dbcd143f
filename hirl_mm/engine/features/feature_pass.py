"""One pass of a frozen model over a data set."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import all_reduce, get_world_size
from mmengine.model import BaseModel
from mmengine.utils.dl_utils.parrots_wrapper import _BatchNorm
from mmpretrain.models import SelfSupDataPreprocessor, TwoNormDataPreprocessor
from torch import Tensor, nn
from torch.utils.data import Dataset

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.features import NonFiniteFeaturesError, extract_features
from hirl_mm.features.shard import absent_samples
from hirl_mm.models.modules import pooled

from .image_reading import (
    ImageLoader,
    ReadImages,
    Unreadable,
    collate_readable,
)


class FeaturePassError(ValueError):
    """Features are NaN or infinite."""


def feature_loader(
    dataset: Dataset,
    pipeline: list[dict] | None,
    batch_size: int,
    num_workers: int,
) -> ImageLoader:
    """Return a loader of this rank's share of the images of a data set.

    Every image comes once, in the order of
    :func:`~hirl_mm.datasets.distinct_images.distinct_images`, whose index is
    its ``sample_idx``, even if the data set repeats images or is a
    concatenation.

    Args:
        dataset: Data set; it is not changed, and its annotations are shared
            with the loader, not copied.
        pipeline: Pipeline that replaces the one of the data set; None to
            keep that one.
        batch_size: Batch size of the loader.
        num_workers: Number of worker processes of the loader.

    Returns:
        Loader that does not use the global random states.

    Raises:
        ValueError: If the pipeline drops the sample index, or no image can be
            read; the first images are read to check this.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    images = ReadImages(distinct_images(dataset), pipeline)
    packed = (images[idx] for idx in range(len(images)))
    first = next((p for p in packed if not isinstance(p, Unreadable)), None)
    if first is None:
        raise ValueError(
            f'none of the {len(images)} images in {images.data_root} can be '
            f'read, beginning with {images.name(0)}'
        )
    if 'sample_idx' not in first.get('data_samples', ()):
        raise ValueError(
            'features are sorted by sample_idx, which the pipeline does not '
            f'pack: {images.leaves[0].pipeline.pipeline}. End it with '
            "PackInputs and keep 'sample_idx' in its meta_keys (it is there "
            'by default)'
        )
    return ImageLoader(
        images,
        batch_size=batch_size,
        num_workers=num_workers,
        sampler=DefaultSampler(images, shuffle=False, seed=0, round_up=False),
        collate_fn=collate_readable,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),
    )


def feature_pass(
    model: BaseModel,
    extract: Callable[[Tensor], Tensor],
    loader: ImageLoader,
    what: str,
) -> tuple[Tensor, Tensor]:
    """Extract the features of all samples, each rank those of its share.

    Args:
        model: Model that is put in evaluation mode during the pass; its
            running statistics are averaged over the ranks first.
        extract: Function from images (B, 3, H, W) to features (B, D).
        loader: Loader from :func:`feature_loader`.
        what: Name of the pass in log lines and errors.

    Returns:
        Sample indices (n,) and features (n, D) of this rank. Images that
        cannot be read and that the pipeline ignores are left out, with a
        warning that names them.

    Raises:
        FeaturePassError: If features are NaN or infinite; the error names
            their sample indices and paths.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """

    def of_batch(batch: dict) -> Tensor:
        return extract(normalized_images(model, batch))

    images = loader.dataset
    with named_by_path(images, what), evaluation_pass(model):
        sample_idx, features = extract_features(
            of_batch, logged_progress(loader, what), len(images)
        )
    left_out = absent_samples(sample_idx, len(images)).tolist()
    images.note_unreadable(left_out, what)
    return sample_idx, features


@contextmanager
def evaluation_pass(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode for the duration of a block.

    Before, the running statistics are averaged over the ranks.

    Args:
        model: Model to put in evaluation mode.
    """
    average_batch_norm_statistics(model)
    with evaluating(model):
        yield


@contextmanager
def named_by_path(images: DistinctImages, what: str) -> Iterator[None]:
    """Add image paths to the error about features that are not finite.

    Args:
        images: The images of the pass.
        what: Name of the pass in the error.

    Raises:
        FeaturePassError: If the block raises a NonFiniteFeaturesError.
    """
    try:
        yield
    except NonFiniteFeaturesError as error:
        names = [images.name(idx) for idx in error.sample_idx]
        raise FeaturePassError(
            f'{what}: {error.finding} ({", ".join(names)}). '
            'Training has diverged or an image is broken; resume from an '
            'earlier checkpoint with a lower learning rate, or fix the image'
        ) from error


def normalized_images(model: BaseModel, batch: dict) -> Tensor:
    """Normalise single images as in the training of the backbone.

    BEiT's preprocessor expects pairs, an image and its copy for the
    tokenizer, and would take the first two images of a batch for a pair.
    Here every image is treated as the first of a pair.

    Args:
        model: Model whose ``data_preprocessor`` is used.
        batch: Batch whose ``inputs`` are uint8 images (B, 3, H, W) in BGR.

    Returns:
        Images (B, 3, H, W), float32, on the device of the model.
    """
    preprocessor = model.data_preprocessor
    if isinstance(preprocessor, TwoNormDataPreprocessor):
        return SelfSupDataPreprocessor.forward(preprocessor, batch)['inputs']
    return preprocessor(batch, False)['inputs']


def whole_backbone_features(
    model: BaseModel, loader: ImageLoader, what: str
) -> Tensor:
    """Extract pooled backbone features of a data set, all on every rank.

    Args:
        model: Model, in evaluation mode during the pass.
        loader: Loader from :func:`feature_loader`.
        what: Name of the pass in log lines and errors.

    Returns:
        Features (N, C), sorted by sample index. If the pipeline ignores
        images that cannot be read, their rows are zero;
        ``loader.dataset.readable()`` has the indices of the others.

    Raises:
        FeaturePassError: If features are NaN or infinite.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    return whole_features(model, pooled_backbone(model), loader, what)


def whole_features(
    model: BaseModel,
    extract: Callable[[Tensor], Tensor],
    loader: ImageLoader,
    what: str,
) -> Tensor:
    """Extract any features of a data set, all on every rank.

    Args:
        model: Model, in evaluation mode during the pass.
        extract: Function from images (B, 3, H, W) to features (B, C).
        loader: Loader from :func:`feature_loader`.
        what: Name of the pass in log lines and errors.

    Returns:
        Features (N, C), see :func:`whole_backbone_features`.

    Raises:
        FeaturePassError: If features are NaN or infinite.
        OSError: If an image cannot be read and the pipeline does not ignore
            it.
    """
    sample_idx, features = feature_pass(model, extract, loader, what)
    whole = features.new_zeros(len(loader.dataset), features.size(1))
    whole[sample_idx] = features
    all_reduce(whole)
    return whole


def pooled_backbone(model: BaseModel) -> Callable[[Tensor], Tensor]:
    """Return a function from images to pooled backbone features (B, C).

    These features are what kNN and the other frozen protocols evaluate.

    Args:
        model: Model whose backbone is used.
    """

    def extract(inputs: Tensor) -> Tensor:
        return pooled(model.extract_feat(inputs)[-1])

    return extract


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode for the duration of a block."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def average_batch_norm_statistics(model: nn.Module) -> None:
    """Average the running statistics of batch normalisation over all ranks.

    Without this, an image gets different features on different ranks, and
    the clustering depends on how the images are spread over the ranks.

    Args:
        model: Model whose running statistics are changed in place.
    """
    if get_world_size() == 1:
        return
    for module in model.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            all_reduce(module.running_mean, 'mean')
            all_reduce(module.running_var, 'mean')
