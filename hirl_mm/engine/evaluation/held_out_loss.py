"""The joint loss of a trained model on images it was not trained on."""

import copy
import math
from collections.abc import Sequence

import torch
from mmengine.dataset import BaseDataset, default_collate
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from hirl_mm.clustering.assignment import assignment
from hirl_mm.engine.features.feature_pass import (
    evaluating,
    feature_loader,
    feature_pass,
)
from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.engine.runtime.seeded import seeded
from hirl_mm.models.selfsup import HIRLAlgorithm
from hirl_mm.structures import PrototypeTree

_WHAT = 'held-out images'


def held_out_loss(
    model: HIRLAlgorithm,
    tree: PrototypeTree,
    dataset: BaseDataset,
    pipeline: list[dict],
    batch_size: int,
    num_workers: int = 4,
    seed: int = 0,
) -> dict[str, float]:
    """Eq. 4 of HIRL on held-out images, L_img + L_SPD, per image.

    The leaf of an image is the prototype nearest to its feature, which
    :func:`held_out_leaves` finds. The losses are those of a training step
    with views of the training pipeline, in evaluation mode, so that the
    other images of a batch have no say in batch normalisation. A step also
    moves averages and fills queues: every batch is given to a new copy of
    the model, which meets the queue as training left it.

    Args:
        model: Is not changed. Where its loss follows the schedule of the
            training, MMEngine's MessageHub has to know it.
        tree: Of the training images, is not changed.
        dataset: With the training pipeline, numbered from 0.
        pipeline: Of the features, as in the HierarchicalKMeansHook.
        batch_size: Of both passes; ``dataset`` is a multiple of it, since
            queues take whole batches alone and every image is to count once.
        num_workers: Of both passes.
        seed: Of the views, which are those of the image whatever the other
            arguments, and of the negative paths.

    Returns:
        ``loss_ssl`` (L_img), ``loss_spd`` and ``joint``, their sum.

    Raises:
        ValueError: If the batches do not divide the images, or a loss is NaN
            or infinite.
        FeaturePassError: If features are NaN or infinite.
    """
    check_batches(len(dataset), batch_size)
    loader = feature_loader(dataset, pipeline, batch_size, num_workers)
    leaves = held_out_leaves(model, tree, loader)
    grown = PrototypeTree(tree.centroids, tree.parents, leaves)
    views = DataLoader(
        _FixedViews(dataset, seed),
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=default_collate,
        generator=torch.Generator(),
    )
    sums = torch.zeros(2, dtype=torch.double)
    with evaluating(model):
        for i, batch in enumerate(logged_progress(views, _WHAT)):
            losses = _losses_of_copy(model, grown, batch, seed + i)
            sums += torch.tensor(losses, dtype=torch.double) * batch_size
    loss_ssl, loss_spd = (sums / len(dataset)).tolist()
    if not math.isfinite(loss_ssl + loss_spd):
        raise ValueError(
            f'the held-out losses are {loss_ssl} (loss_ssl) and {loss_spd} '
            '(loss_spd): the training has diverged'
        )
    return dict(
        loss_ssl=loss_ssl, loss_spd=loss_spd, joint=loss_ssl + loss_spd
    )


def held_out_leaves(
    model: HIRLAlgorithm, tree: PrototypeTree, loader: DataLoader
) -> Tensor:
    """The leaf of every image of a loader in order, (N,) long, on the CPU.

    The rule by which k-means assigns a training image, the least Euclidean
    distance. A tree keeps its prototypes with unit length, and so they are
    compared here, which makes it the greatest cosine; k-means compared raw
    means, which a training image near a border may feel.

    Raises:
        FeaturePassError: If features are NaN or infinite.
    """
    _, features = feature_pass(model, model.extract_z0, loader, _WHAT)
    centroids = tree.centroids[0].to(features.device)
    assign = assignment('auto', features.device, len(centroids))
    leaves, _ = assign(features.float(), centroids)
    return leaves.cpu()


def check_batches(num_images: int, batch_size: int) -> None:
    """Raise ValueError unless the batches divide the images."""
    if num_images < 1 or num_images % batch_size:
        below = num_images // batch_size * batch_size
        raise ValueError(
            f'the number of held-out images must be a multiple of the batch '
            f'size {batch_size}, got {num_images}: hold out '
            f'{below or batch_size}, or change the batch size'
        )


class _FixedViews(Dataset):
    """Random views that depend on the image alone."""

    def __init__(self, dataset: BaseDataset, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, idx: int) -> dict:
        with seeded(self.seed + idx):
            return self.dataset[idx]


@torch.no_grad()
def _losses_of_copy(
    model: HIRLAlgorithm, tree: PrototypeTree, batch: dict, seed: int
) -> Sequence[float]:
    """L_img and L_SPD of one batch."""
    copied = copy.deepcopy(model)
    copied.set_tree(tree)
    device = next(copied.parameters()).device
    devices = [device] if device.type == 'cuda' else []
    with seeded(seed, devices):
        batch = copied.data_preprocessor(batch, True)
        losses = copied(**batch, mode='loss')
    loss_spd = losses.pop('loss_spd')
    loss_ssl, _ = copied.parse_losses(losses)
    return loss_ssl.item(), loss_spd.item()
