"""Distances between the projections of a trained network, level by level."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import DataLoader

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.wrappers import pipelines_of
from hirl_mm.engine.features.dataset_features import VAL, evaluation_data
from hirl_mm.engine.features.feature_pass import (
    evaluating,
    feature_loader,
    normalized_images,
)
from hirl_mm.engine.features.image_reading import (
    ReadImages,
    collate_readable,
    readable_batches,
)
from hirl_mm.engine.features.labelled_data import class_names_of, labels_of
from hirl_mm.engine.features.labelled_sets import labelled_sets
from hirl_mm.engine.runtime.progress import logged_progress
from hirl_mm.evaluation.functional import (
    ClassDistances,
    ClassSums,
    class_distances,
    view_distances,
)
from hirl_mm.seeding import seeded

from .fixed_views import FixedViews, collate_of
from .pretrained import load_pretrained
from .projector import check_projector, level_projections


@dataclass(frozen=True)
class LevelAnalysis:
    """Distances between the projections of labelled images.

    Args:
        views: (N, n, n) cosine distance of level i of one random view of an
            image and level j of another.
        classes: Mean distances within and between the C classes, from one
            evaluation crop per image, for each of the n levels.
        class_names: Names of the C classes.
    """

    views: Tensor
    classes: Sequence[ClassDistances]
    class_names: Sequence[str]


def analyse_levels(
    cfg: Config,
    checkpoint: str,
    *,
    trust: bool = False,
    batch_size: int = 256,
    num_workers: int = 4,
    seed: int = 0,
) -> LevelAnalysis:
    """Analyse the projections of a network as HCCL's paper does (A.5).

    The images are those of ``knn_queries``, the validation images. Two random
    views of each are made by the training pipeline; classes are compared by
    the crops of the evaluation. Batch normalisation uses running statistics.

    Args:
        cfg: Config of the pre-training; its model has a ``backbone`` and a
            ``neck`` that returns one projection (B, D) per level.
        checkpoint: Checkpoint of that pre-training.
        trust: Whether the file may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`.
        batch_size: Images per batch.
        num_workers: Worker processes that load images.
        seed: Seed of the random views. Those of an image depend on its
            position and this seed only.

    Raises:
        ValueError: If the config has no labelled validation images, the model
            has no projections, the checkpoint lacks their weights, or they
            are NaN or infinite.
    """
    images = labelled_sets({VAL: evaluation_data(cfg, VAL)})[VAL]
    model = load_pretrained(cfg, checkpoint, trust=trust)
    check_projector(model, checkpoint, trust)
    pipeline = _first_pipeline(pipelines_of(cfg.train_dataloader.dataset))
    views = ReadImages(distinct_images(images), pipeline)
    loader = DataLoader(
        FixedViews(views, seed),
        batch_size=batch_size,
        num_workers=num_workers,
        collate_fn=partial(collate_readable, collate=collate_of(model)),
        generator=torch.Generator(),
    )
    labels, names = labels_of(images, VAL), class_names_of(images)
    with evaluating(model), torch.no_grad(), seeded(seed):
        between_views = _between_views(model, loader)
        loader = feature_loader(images, None, batch_size, num_workers)
        sums = _class_sums(model, loader, labels, len(names))
    vectors = [level.vectors for level in sums]
    if not all(t.isfinite().all() for t in (between_views, *vectors)):
        raise ValueError(
            f'projections of {checkpoint} are NaN or infinite: its training '
            'has diverged'
        )
    return LevelAnalysis(
        between_views, [class_distances(level) for level in sums], names
    )


def _first_pipeline(pipelines: list) -> list[dict]:
    """Return the pipeline of the first data set of a training."""
    while isinstance(pipelines[0], list):
        pipelines = pipelines[0]
    return pipelines


def _between_views(model: BaseModel, loader: DataLoader) -> Tensor:
    """Return the distances (N, n, n) of the first two views of all images."""
    distances = []
    batches = logged_progress(loader, 'two views of every image')
    for batch in readable_batches(batches):
        views = model.data_preprocessor(batch, True)['inputs']
        if not isinstance(views, list) or len(views) < 2:
            raise ValueError(
                'the pipeline of the training makes a single view per image, '
                'but two are compared: use MultiView with num_views=2'
            )
        first, second = (level_projections(model, v) for v in views[:2])
        distances.append(view_distances(first, second).cpu())
    return torch.cat(distances)


def _class_sums(
    model: BaseModel, loader: DataLoader, labels: Tensor, num: int
) -> list[ClassSums]:
    """Return the sums by class for every level."""
    sums: list[ClassSums] = []
    batches = logged_progress(loader, 'classes of all images')
    for batch in readable_batches(batches):
        levels = level_projections(model, normalized_images(model, batch))
        numbers = [sample.sample_idx for sample in batch['data_samples']]
        found = [
            ClassSums.of(level, labels[numbers].to(level.device), num)
            for level in levels
        ]
        if sums:
            found = [a + b for a, b in zip(sums, found, strict=True)]
        sums = found
    return sums
