"""The figures that a study takes of a network's frozen features."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from hirl_mm.clustering import kmeans
from hirl_mm.engine.evaluation.frozen_plan import plan_evaluation
from hirl_mm.engine.evaluation.pretrained import load_pretrained
from hirl_mm.engine.features.dataset_features import (
    TRAIN,
    VAL,
    dataset_features,
    evaluation_data,
)
from hirl_mm.engine.features.labelled_sets import labelled_sets
from hirl_mm.evaluation.frozen_protocols import FrozenData, Taxonomy
from hirl_mm.evaluation.functional import (
    cluster_purity,
    clustering_scores,
    knn_accuracy,
    logistic_accuracy,
)
from hirl_mm.evaluation.label_subsets import label_subset

KS = 20, 200
NUM_LABELS = 500


def network_figures(
    cfg: Config,
    checkpoint: str | None,
    seed: int,
    ks: Sequence[int] = KS,
    num_labels: int = NUM_LABELS,
) -> dict[str, float]:
    """Return the figures of the backbone of a checkpoint.

    Args:
        cfg: Config of the pre-training, with ``knn_gallery`` and
            ``knn_queries``, and ``hierarchy.json`` beside the images if their
            classes have a taxonomy; it is not changed.
        checkpoint: Checkpoint of that pre-training; None for random weights.
        seed: See :func:`feature_figures`; also that of random weights.
        ks: See :func:`feature_figures`.
        num_labels: See :func:`feature_figures`.

    Returns:
        See :func:`feature_figures`.
    """
    cfg = copy.deepcopy(cfg)
    cfg.randomness = dict(seed=seed)
    configs = {name: evaluation_data(cfg, name) for name in (TRAIN, VAL)}
    sets = labelled_sets(configs)
    plan = plan_evaluation(sets[TRAIN], sets[VAL], ks, shares=())
    model = load_pretrained(cfg, checkpoint)
    parts = [
        part
        for name in (TRAIN, VAL)
        for part in dataset_features(model, sets[name], name, num_workers=0)[
            :2
        ]
    ]
    num_classes = len(plan.class_names)
    classes = Taxonomy(['class'], [np.arange(num_classes)])
    return feature_figures(
        FrozenData(*parts, num_classes),
        plan.taxonomy or classes,
        seed,
        ks,
        num_labels,
    )


def feature_figures(
    data: FrozenData,
    taxonomy: Taxonomy,
    seed: int,
    ks: Sequence[int] = KS,
    num_labels: int = NUM_LABELS,
) -> dict[str, float]:
    """Return the figures of features, in percent.

    - kNN: accuracy on every level of the taxonomy, where the neighbours vote
      for their classes of that level.
    - NMI and purity: k-means of the training images, with as many clusters as
      the level has classes and the best of five runs, beside these classes.
    - logistic regression on frozen features with a few labels, and with all
      ("linear"), see :func:`~hirl_mm.evaluation.functional.logistic_accuracy`.

    Args:
        data: Features and classes.
        taxonomy: Classes on every level, from fine to coarse.
        seed: Seed of the drawn labels and of k-means. Arms that are compared
            in pairs have the same labels at the same seed.
        ks: Numbers of neighbours.
        num_labels: Number of labelled images of the regression with few
            labels, drawn evenly over the classes.

    Returns:
        Percentages by name. Figures that the images are too few for are left
        out: more neighbours or labels than images, and clusters of one image.
    """
    figures = _knn(data, taxonomy, ks)
    figures |= _clusters(data, taxonomy, seed)
    num = len(data.train)
    if num_labels < num:
        chosen = label_subset(
            data.train_labels.cpu().numpy(), num_labels / num, seed
        )
        figures[f'{num_labels} labels'] = _logistic(
            data, torch.from_numpy(chosen), seed
        )
    figures['linear'] = _logistic(data, torch.arange(num), seed)
    return figures


def _knn(
    data: FrozenData, taxonomy: Taxonomy, ks: Sequence[int]
) -> dict[str, float]:
    possible = [k for k in ks if k <= len(data.train)]
    found = {}
    for level, table in zip(taxonomy.levels, taxonomy.tables, strict=True):
        if possible:
            found[level] = knn_accuracy(
                data.train,
                _on_level(table, data.train_labels),
                data.val,
                _on_level(table, data.val_labels),
                possible,
            )
    return {
        f'kNN k={k}, {level}': accuracy[k]
        for k in possible
        for level, accuracy in found.items()
    }


def _clusters(
    data: FrozenData, taxonomy: Taxonomy, seed: int
) -> dict[str, float]:
    features = F.normalize(data.train.float(), dim=1)
    nmi, purity = {}, {}
    for level, table in zip(taxonomy.levels, taxonomy.tables, strict=True):
        labels = _on_level(table, data.train_labels).cpu()
        num = len(labels.unique())
        if num < len(features):
            clusters = kmeans(features, num, num_restarts=5, seed=seed)[1]
            scores = clustering_scores(labels, clusters.cpu())
            nmi[f'NMI, {level}'] = scores['nmi']
            purity[f'purity, {level}'] = cluster_purity(labels, clusters.cpu())
    return nmi | purity


def _logistic(data: FrozenData, chosen: Tensor, seed: int) -> float:
    chosen = chosen.to(data.train.device)
    return logistic_accuracy(
        data.train[chosen],
        data.train_labels[chosen],
        data.val,
        data.val_labels,
        seed=seed,
    ).top1


def _on_level(table: np.ndarray, labels: Tensor) -> Tensor:
    """Labels (N,) of a level, from those of the classes."""
    return torch.as_tensor(table, device=labels.device)[labels]
