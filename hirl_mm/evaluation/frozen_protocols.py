"""Evaluation protocols that need only features, labels and a taxonomy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.clustering import kmeans
from hirl_mm.structures import PrototypeTree

from .arm_results import LEFT_OUT, TREE_DISTANCE
from .functional import (
    clustering_scores,
    hierarchy_scores,
    knn_predictions,
    logistic_accuracy,
    tree_agreement,
)

# Results in percent by protocol and figure, and details of the measurement.
# The details may have an entry LEFT_OUT, with the reason for every missing
# figure by protocol and figure.
Outcome = tuple[dict[str, dict[str, float]], dict]


@dataclass(frozen=True)
class FrozenData:
    """Frozen features and labels of training and validation images.

    Args:
        train: (N, C) features of the training images, float32 or float16;
            may be memory-mapped from disk.
        train_labels: (N,) long, classes of the training images.
        val: (Q, C) features of the validation images.
        val_labels: (Q,) long, classes of the validation images.
        num_classes: Number of classes.
    """

    train: Tensor
    train_labels: Tensor
    val: Tensor
    val_labels: Tensor
    num_classes: int


@dataclass(frozen=True)
class Taxonomy:
    """Labels of the classes on several levels, from fine to coarse.

    Args:
        levels: Names of the levels; the first level is the classes.
        tables: One table per level, with the label of every class.
    """

    levels: Sequence[str]
    tables: Sequence[np.ndarray]


def evaluate_knn(
    data: FrozenData, ks: Sequence[int], taxonomy: Taxonomy | None = None
) -> Outcome:
    """Evaluate weighted kNN, with the training images as gallery.

    The paper reports the best of k in 10, 20, 100, 200. The results on the
    levels of a taxonomy and the distance of mistakes are those of the k with
    the best accuracy on classes.

    Args:
        data: Features and labels.
        ks: Numbers of neighbours k to evaluate. Those that exceed the number
            of training images are left out.
        taxonomy: Taxonomy of the classes; None for classes only.

    Returns:
        Under ``kNN``, the accuracy for every k and for the best k. With a
        taxonomy, also the accuracy on every level under ``kNN by level``, and
        the mean distance of truth and prediction, in levels, under ``tree
        distance``.
    """
    num = len(data.train)
    possible = [k for k in ks if k <= num]
    left_out = {f'k={k}': f'there are {num} images' for k in ks if k > num}
    facts: dict = {LEFT_OUT: {'kNN': left_out}} if left_out else {}
    if not possible:
        return {}, facts
    predicted = knn_predictions(
        data.train, data.train_labels, data.val.to(_device()), possible
    )
    target = data.val_labels
    accuracy = {
        k: 100 * float((classes.cpu() == target).double().mean())
        for k, classes in predicted.items()
    }
    best = max(accuracy, key=accuracy.__getitem__)
    figures = {f'k={k}': value for k, value in accuracy.items()}
    results = {'kNN': figures | {'best k': accuracy[best]}}
    facts |= dict(best_k=best, num_gallery=num, num_queries=len(target))
    if taxonomy is None:
        return results, facts
    scores = hierarchy_scores(taxonomy.tables, target, predicted[best].cpu())
    results['kNN by level'] = dict(
        zip(taxonomy.levels, scores.accuracy, strict=True)
    )
    # The mean distance of mistakes is None if there are no mistakes.
    of_mistakes = scores.mistake_distance or 0.0
    results[TREE_DISTANCE] = {
        'of mistakes': of_mistakes,
        'of all': scores.mean_distance,
    }
    return results, facts


def evaluate_logistic(
    data: FrozenData, subsets: Mapping[str, Tensor], seed: int = 0
) -> Outcome:
    """Evaluate logistic regression on subsets of the training images.

    Args:
        data: Features and labels.
        subsets: Indices of the training images of every subset, by the name
            of the subset, such as ``'10%'``. Subsets of fewer than two
            classes are left out.
        seed: Seed of the choice of the held-out images that select the
            regularisation.

    Returns:
        Under ``logistic``, the accuracy by subset. The details hold the
        :class:`LogisticResult` of every subset and its number of images.
    """
    figures, facts, left_out = {}, {}, {}
    queries = data.val.to(_device())
    for name, subset in subsets.items():
        num_classes = len(data.train_labels[subset].unique())
        if num_classes < 2:
            left_out[name] = (
                f'{len(subset)} labelled images of {num_classes} classes; at '
                'least two classes are needed'
            )
            continue
        result = logistic_accuracy(
            data.train[subset].to(_device()),
            data.train_labels[subset],
            queries,
            data.val_labels,
            seed=seed,
        )
        figures[name] = result.top1
        facts[name] = vars(result) | dict(num_images=len(subset))
    if left_out:
        facts[LEFT_OUT] = {'logistic': left_out}
    return {'logistic': figures}, facts


def evaluate_clustering(
    data: FrozenData, seed: int = 0, taxonomy: Taxonomy | None = None
) -> Outcome:
    """Evaluate k-means of the validation images, one cluster per class.

    Classes without a validation image have no cluster.

    As in the paper: L2-normalised features, 5 restarts, 20 iterations; the
    accuracy is that of the best matching of clusters and classes. For every
    level of a taxonomy the images are clustered again, with one cluster per
    class of the level. A clustering is left out if it would have as many
    clusters as images: with one image each, they would match any classes.

    Args:
        data: Features and labels.
        seed: Seed of k-means.
        taxonomy: Taxonomy of the classes; None for classes only.

    Returns:
        Under ``clustering``, accuracy, NMI, AMI and ARI in percent. With a
        taxonomy, also the accuracy on every level under ``clustering by
        level``.
    """
    features = F.normalize(data.val.to(_device()).float(), dim=1)

    def cluster(num: int) -> Tensor:
        return kmeans(features, num, num_restarts=5, seed=seed)[1].cpu()

    num_images = len(features)
    levels = taxonomy or Taxonomy(['class'], [np.arange(data.num_classes)])
    names = dict(acc='acc', nmi='NMI', ami='AMI', ari='ARI')
    figures, by_level, missing = {}, {}, {}
    shown = data.val_labels.unique().numpy()
    for level, table in zip(levels.levels, levels.tables, strict=True):
        num = len(np.unique(table[shown]))
        if num >= num_images:
            missing[level] = f'{num} clusters of {num_images} images'
            continue
        labels = np.asarray(table)[data.val_labels]
        scores = clustering_scores(labels, cluster(num))
        by_level[level] = scores['acc']
        if level == levels.levels[0]:
            figures = {names[key]: value for key, value in scores.items()}
    results = {'clustering': figures} if figures else {}
    facts: dict = dict(seed=seed)
    left_out = {}
    if levels.levels[0] in missing:
        reason = missing[levels.levels[0]]
        left_out['clustering'] = dict.fromkeys(names.values(), reason)
    if taxonomy is not None:
        results['clustering by level'] = by_level
        left_out['clustering by level'] = missing
    if missing:
        facts[LEFT_OUT] = left_out
    return results, facts


def evaluate_tree(
    tree: PrototypeTree, labels: Tensor, taxonomy: Taxonomy, name: str
) -> Outcome:
    """Evaluate how well a tree of prototypes agrees with a taxonomy.

    Args:
        tree: Tree over N training images.
        labels: (N,) classes of these images.
        taxonomy: Taxonomy of the classes; it may have a single level, the
            classes.
        name: Name of the protocol in the results.

    Returns:
        Under ``name``, purity and NMI in percent for every pair of a level of
        the tree and a level of the taxonomy.
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
