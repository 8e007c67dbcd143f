"""The figures that a study takes of a network's frozen features."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from hirl_mm.clustering import hierarchical_kmeans, kmeans
from hirl_mm.engine.evaluation.frozen_plan import plan_evaluation
from hirl_mm.evaluation.frozen_protocols import FrozenData, Taxonomy
from hirl_mm.evaluation.functional import (
    cluster_purity,
    clustering_scores,
    knn_accuracy,
    logistic_accuracy,
    tree_purity,
)
from hirl_mm.evaluation.label_subsets import label_subset

from ..frozen_network import frozen_network

KS = 20, 200
NUM_LABELS = 500
# Neighbours of the kNN of stages, as many as the probe of a training uses.
STAGE_K = 20


def network_figures(
    cfg: Config,
    checkpoint: str | None,
    seed: int,
    ks: Sequence[int] = KS,
    num_labels: int = NUM_LABELS,
    num_prototypes: Sequence[int] = (),
    stages: Sequence[int] = (),
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
        num_prototypes: See :func:`feature_figures`.
        stages: Stages of a ResNet, from 1, whose pooled outputs are measured
            by kNN with 20 neighbours; each is one more pass over the images.

    Returns:
        See :func:`feature_figures`; then kNN of the stages.

    Raises:
        ValueError: If the backbone lacks a stage.
    """
    network = frozen_network(cfg, checkpoint, seed)
    plan = plan_evaluation(network.gallery, network.queries, ks, shares=())
    num_classes = len(plan.class_names)
    classes = Taxonomy(['class'], [np.arange(num_classes)])
    taxonomy = plan.taxonomy or classes
    data = FrozenData(*network.features(), num_classes)
    figures = feature_figures(
        data, taxonomy, seed, ks, num_labels, num_prototypes
    )
    for stage in stages:
        data = FrozenData(*network.features(stage), num_classes)
        figures |= {
            f'{name}, stage {stage}': value
            for name, value in _knn(data, taxonomy, [STAGE_K]).items()
        }
    return figures


def feature_figures(
    data: FrozenData,
    taxonomy: Taxonomy,
    seed: int,
    ks: Sequence[int] = KS,
    num_labels: int = NUM_LABELS,
    num_prototypes: Sequence[int] = (),
) -> dict[str, float]:
    """Return the figures of features, in percent.

    - kNN: accuracy on every level of the taxonomy, where the neighbours vote
      for their classes of that level.
    - NMI and purity: k-means of the training images, with as many clusters as
      the level has classes and the best of five runs, beside these classes.
    - purity K: a tree of prototypes of the training images, every level of it
      beside the classes of every level.
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
        num_prototypes: Number of prototypes per level of the tree, from fine
            to coarse; empty for no tree.

    Returns:
        Percentages by name. Figures that the images are too few for are left
        out: more neighbours, labels or prototypes than images, and clusters
        of one image.
    """
    figures = _knn(data, taxonomy, ks)
    figures |= _clusters(data, taxonomy, seed)
    if num_prototypes and num_prototypes[0] <= len(data.train):
        figures |= _tree(data, taxonomy, num_prototypes, seed)
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


def _tree(
    data: FrozenData,
    taxonomy: Taxonomy,
    num_prototypes: Sequence[int],
    seed: int,
) -> dict[str, float]:
    tree = hierarchical_kmeans(data.train, num_prototypes, seed=seed)
    purity = {
        level: tree_purity(tree, _on_level(table, data.train_labels))
        for level, table in zip(taxonomy.levels, taxonomy.tables, strict=True)
    }
    return {
        f'purity K={num}, {level}': values[i]
        for i, num in enumerate(num_prototypes)
        for level, values in purity.items()
    }


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
