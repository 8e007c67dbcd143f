"""The protocols that need nothing but features, labels and a taxonomy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import kmeans
from hirl_mm.structures import PrototypeTree

from .arm_results import TREE_DISTANCE
from .functional import (
    clustering_scores,
    hierarchy_scores,
    knn_predictions,
    level_clustering_scores,
    logistic_accuracy,
    tree_agreement,
)

# Percent by protocol and figure, and what else is worth knowing.
Outcome = tuple[dict[str, dict[str, float]], dict]


@dataclass(frozen=True)
class FrozenData:
    """Features and classes of the images to learn from and to classify.

    Args:
        train: (N, C) features, float32 or float16; may be on disk.
        train_labels: (N,) long.
        val: (Q, C) features.
        val_labels: (Q,) long.
        num_classes: Number of classes.
    """

    train: Tensor
    train_labels: Tensor
    val: Tensor
    val_labels: Tensor
    num_classes: int


@dataclass(frozen=True)
class Taxonomy:
    """The classes on several levels, from fine to coarse.

    Args:
        levels: Names of the levels, the classes themselves first.
        tables: Per level the label of every class.
    """

    levels: Sequence[str]
    tables: Sequence[np.ndarray]


def evaluate_knn(
    data: FrozenData, ks: Sequence[int], taxonomy: Taxonomy | None = None
) -> Outcome:
    """Weighted kNN of the validation images by the training images.

    The paper reports the best of k in 10, 20, 100, 200. On the levels of a
    taxonomy, and for the distance of mistakes, it is the k that is best for
    classes.

    Returns:
        Percent for every k and of the best under ``kNN``; with a taxonomy
        the accuracy of its levels under ``kNN by level``, and the mean
        distance in levels under ``tree distance``.
    """
    predicted = knn_predictions(
        data.train, data.train_labels, data.val.to(_device()), ks
    )
    target = data.val_labels
    accuracy = {
        k: 100 * float((classes.cpu() == target).double().mean())
        for k, classes in predicted.items()
    }
    best = max(accuracy, key=accuracy.get)
    figures = {f'k={k}': value for k, value in accuracy.items()}
    results = {'kNN': figures | {'best k': accuracy[best]}}
    facts = dict(
        best_k=best, num_gallery=len(data.train), num_queries=len(target)
    )
    if taxonomy is None:
        return results, facts
    scores = hierarchy_scores(taxonomy.tables, target, predicted[best].cpu())
    results['kNN by level'] = dict(
        zip(taxonomy.levels, scores.accuracy, strict=True)
    )
    # Without a mistake there is no distance of mistakes.
    of_mistakes = scores.mistake_distance or 0.0
    results[TREE_DISTANCE] = {
        'of mistakes': of_mistakes,
        'of all': scores.mean_distance,
    }
    return results, facts


def evaluate_logistic(
    data: FrozenData, subsets: Mapping[str, Tensor], seed: int = 0
) -> Outcome:
    """Logistic regression on shares of the training images.

    Args:
        data: Features and labels.
        subsets: Indices of the training images by the name of the share.
        seed: Of the held-out part that chooses the regularisation.

    Returns:
        Percent by share under ``logistic``, and how each was found.
    """
    figures, facts = {}, {}
    queries = data.val.to(_device())
    for name, subset in subsets.items():
        result = logistic_accuracy(
            data.train[subset].to(_device()),
            data.train_labels[subset],
            queries,
            data.val_labels,
            seed=seed,
        )
        figures[name] = result.top1
        facts[name] = vars(result) | dict(num_images=len(subset))
    return {'logistic': figures}, facts


def evaluate_clustering(
    data: FrozenData, seed: int = 0, taxonomy: Taxonomy | None = None
) -> Outcome:
    """K-means of the validation images, one cluster per class.

    As in the paper: L2-normalised features, 5 restarts, 20 iterations, no
    labels; accuracy under the best matching of clusters and classes. On the
    levels of a taxonomy, one cluster per class of the level.

    Returns:
        Accuracy, NMI, AMI and ARI in percent under ``clustering``; with a
        taxonomy the accuracy of its levels under ``clustering by level``.
    """
    features = F.normalize(data.val.to(_device()).float(), dim=1)

    def cluster(num: int) -> Tensor:
        return kmeans(features, num, num_restarts=5, seed=seed)[1].cpu()

    clusters = cluster(data.num_classes)
    scores = clustering_scores(data.val_labels, clusters)
    names = dict(acc='acc', nmi='NMI', ami='AMI', ari='ARI')
    results = {
        'clustering': {names[key]: value for key, value in scores.items()}
    }
    if taxonomy is None:
        return results, dict(seed=seed)
    nums = [len(np.unique(table)) for table in taxonomy.tables]
    clusterings = [clusters, *(cluster(num) for num in nums[1:])]
    by_level = level_clustering_scores(
        taxonomy.tables, data.val_labels, clusterings
    )
    results['clustering by level'] = {
        level: scores['acc']
        for level, scores in zip(taxonomy.levels, by_level, strict=True)
    }
    return results, dict(seed=seed)


def evaluate_tree(
    tree: PrototypeTree, labels: Tensor, taxonomy: Taxonomy, name: str
) -> Outcome:
    """Purity and NMI of every level of a tree by every level of a taxonomy.

    Args:
        tree: Over the training images.
        labels: (N,) their classes.
        taxonomy: Of one level, the classes, if there is no other.
        name: Of the tree.
    """
    agreement = tree_agreement(tree, taxonomy.tables, labels)
    figures = {}
    for measure in ('purity', 'NMI'):
        table = getattr(agreement, measure.lower())
        for num, row in zip(tree.num_prototypes, table, strict=True):
            for level, value in zip(taxonomy.levels, row, strict=True):
                figures[f'K={num}, {measure} of {level}'] = float(value)
    return {name: figures}, dict(num_prototypes=list(tree.num_prototypes))


def _device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'
