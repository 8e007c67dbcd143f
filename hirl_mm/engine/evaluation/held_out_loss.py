"""The joint loss of a trained model on held-out images."""

import copy
import math
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hirl_mm.clustering.assignment import assignment
from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.sample_numbers import number_samples
from hirl_mm.engine.features.feature_pass import (
    evaluating,
    feature_loader,
    feature_pass,
)
from hirl_mm.engine.features.image_reading import ImageLoader
from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.models.data_preprocessors import DeviceViews
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.seeding import seeded
from hirl_mm.structures import NO_LEAF, PrototypeTree

from .fixed_views import FixedViews, collate_of

_WHAT = 'held-out images'


def held_out_loss(
    model: HIRLAlgorithm,
    tree: PrototypeTree,
    dataset: Dataset,
    pipeline: list[dict],
    batch_size: int,
    num_workers: int = 4,
    seed: int = 0,
) -> dict[str, float]:
    """Return the joint loss of HIRL, L_img + L_SPD (Eq. 4), per image.

    The leaf of an image is the prototype nearest to its feature, see
    :func:`held_out_leaves`. The losses are those of a training step with
    views of the training pipeline, but in evaluation mode, so that batch
    normalisation does not depend on the other images of a batch. A training
    step also updates moving averages and queues. Therefore every batch gets a
    new copy of the model, with the queue as the training left it.

    Args:
        model: The trained model; not changed. If its loss follows the
            schedule of the training, MMEngine's MessageHub must contain the
            epoch and the iteration.
        tree: Tree of the training images; not changed.
        dataset: Held-out images with the training pipeline; each counts once,
            see :func:`~hirl_mm.datasets.distinct_images.distinct_images`. If
            they are of several data sets, their pipelines get a first step,
            see :func:`~hirl_mm.datasets.sample_numbers.number_samples`.
        pipeline: Transforms of the feature pass, as in
            HierarchicalKMeansHook.
        batch_size: Batch size of the feature pass and of the losses. The
            number of images must be a multiple of it, since queues accept
            whole batches only and every image counts once.
        num_workers: Number of worker processes of each data loader.
        seed: Seed of the views and of the negative paths. The views of an
            image depend on its position and this seed only.

    Returns:
        ``loss_ssl`` (L_img), ``loss_spd`` and ``joint``, their sum.

    Raises:
        ValueError: If the number of images is not a multiple of the batch
            size, or a loss is NaN or infinite.
        FeaturePassError: If features are NaN or infinite.
    """
    images = distinct_images(dataset)
    check_batches(len(images), batch_size)
    number_samples(images)
    loader = feature_loader(images, pipeline, batch_size, num_workers)
    leaves = held_out_leaves(model, tree, loader)
    held_out_tree = PrototypeTree(tree.centroids, tree.parents, leaves)
    views = DataLoader(
        FixedViews(images, seed),
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=collate_of(model),
        generator=torch.Generator(),
    )
    sums = torch.zeros(2, dtype=torch.double)
    with evaluating(model):
        for i, batch in enumerate(logged_progress(views, _WHAT)):
            losses = _losses_of_copy(model, held_out_tree, batch, seed + i)
            sums += torch.tensor(losses, dtype=torch.double) * batch_size
    loss_ssl, loss_spd = (sums / len(images)).tolist()
    if not math.isfinite(loss_ssl + loss_spd):
        raise ValueError(
            f'the held-out losses are {loss_ssl} (loss_ssl) and {loss_spd} '
            '(loss_spd): the training has diverged'
        )
    return dict(
        loss_ssl=loss_ssl, loss_spd=loss_spd, joint=loss_ssl + loss_spd
    )


def held_out_leaves(
    model: HIRLAlgorithm, tree: PrototypeTree, loader: ImageLoader
) -> Tensor:
    """Return the leaf of every image of a loader.

    As in k-means, the leaf is the prototype with the least Euclidean distance
    to the feature of the image. The prototypes of a tree are L2-normalised,
    so this is the prototype with the largest cosine similarity. k-means
    compares means that are not normalised, so the leaf of a training image
    near the border of a cluster may differ.

    Args:
        model: The trained model.
        tree: Tree of the training images.
        loader: Loader of the N held-out images, in order.

    Returns:
        Indices of the leaves, (N,) long, on the CPU, in the order of the
        images; ``NO_LEAF`` for images that cannot be read and that the
        pipeline ignores.

    Raises:
        FeaturePassError: If features are NaN or infinite.
    """
    sample_idx, features = feature_pass(model, model.extract_z0, loader, _WHAT)
    centroids = tree.centroids[0].to(features.device)
    assign = assignment('auto', features.device, len(centroids))
    found, _ = assign(features.float(), centroids)
    leaves = torch.full((len(loader.dataset),), NO_LEAF)
    leaves[sample_idx.cpu()] = found.cpu()
    return leaves


def check_batches(num_images: int, batch_size: int) -> None:
    """Check that the number of images is a multiple of the batch size.

    Raises:
        ValueError: If it is not, or there are no images.
    """
    if num_images < 1 or num_images % batch_size:
        below = num_images // batch_size * batch_size
        raise ValueError(
            f'the number of held-out images must be a multiple of the batch '
            f'size {batch_size}, got {num_images}: hold out '
            f'{below or batch_size}, or change the batch size'
        )


@torch.no_grad()
def _losses_of_copy(
    model: HIRLAlgorithm, tree: PrototypeTree, batch: dict, seed: int
) -> Sequence[float]:
    """Return L_img and L_SPD of one batch."""
    copied: BaseModel = copy.deepcopy(model)
    copied.set_tree(tree)
    if isinstance(copied.data_preprocessor, DeviceViews):
        copied.data_preprocessor.seed = None  # that given here
    device = next(copied.parameters()).device
    devices = [device] if device.type == 'cuda' else []
    with seeded(seed, devices):
        batch = copied.data_preprocessor(batch, True)
        losses = copied(**batch, mode='loss')
    loss_spd = losses.pop('loss_spd')
    loss_ssl, _ = copied.parse_losses(losses)
    return loss_ssl.item(), loss_spd.item()
