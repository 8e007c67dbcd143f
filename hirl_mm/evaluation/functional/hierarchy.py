from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.metrics import normalized_mutual_info_score

from hirl_mm.structures import NO_LEAF, PrototypeTree

from .clustering import clustering_scores
from .purity import tree_purity


@dataclass(frozen=True)
class HierarchyScores:
    """Scores of predicted classes on the levels of a taxonomy.

    The distance of two classes is the height of their lowest common ancestor,
    as in `Making Better Mistakes <https://arxiv.org/abs/1912.09393>`_: the
    first level on which they have the same label. If they have different
    labels on all levels, it is the number of levels, as if there were a root
    above the last level.

    Args:
        accuracy: Accuracy on every level in percent, from fine to coarse.
        mistake_distance: Mean distance of truth and prediction over the
            samples that are classified wrongly on level 0; None if there are
            no such samples.
        mean_distance: Mean distance of truth and prediction over all samples.
    """

    accuracy: tuple[float, ...]
    mistake_distance: float | None
    mean_distance: float


@dataclass(frozen=True)
class TreeAgreement:
    """Agreement of a tree of prototypes with a taxonomy.

    Args:
        purity: (L, T) in percent, purity of each of the L levels of the tree
            with respect to each of the T levels of the taxonomy, see
            :func:`tree_purity`.
        nmi: (L, T) in percent, normalised mutual information of the same
            levels: mutual information divided by the arithmetic mean of the
            entropies.
    """

    purity: np.ndarray
    nmi: np.ndarray


def hierarchy_scores(
    tables: Sequence[ArrayLike], targets: ArrayLike, predictions: ArrayLike
) -> HierarchyScores:
    """Compute accuracy and distance of mistakes on a taxonomy.

    On a coarse level a prediction is correct if the predicted and the true
    class have the same ancestor on that level.

    Args:
        tables: One table per level, from fine to coarse: (C,) integers, the
            label of every class on the level, as ``ClassHierarchy.tables``
            returns.
        targets: (N,) integers, true classes.
        predictions: (N,) integers, predicted classes.

    Raises:
        ValueError: If the tables do not describe a tree, or targets or
            predictions are not in [0, C).

    Example:
        >>> tables = [0, 1, 2, 3], [0, 0, 1, 1]
        >>> hierarchy_scores(tables, [0, 0, 0, 0], [0, 0, 1, 2])
        HierarchyScores(accuracy=(50.0, 75.0), mistake_distance=1.5, \
mean_distance=0.75)
    """
    taxonomy = _check_tables(tables)
    truth = _classes('targets', targets, taxonomy)
    found = _classes('predictions', predictions, taxonomy)
    if len(truth) != len(found):
        raise ValueError(
            'targets and predictions must be of the same length, got '
            f'{len(truth)} and {len(found)}'
        )
    wrong = taxonomy[:, truth] != taxonomy[:, found]
    # Two classes differ on exactly the levels below their common ancestor.
    distance = wrong.sum(axis=0)
    mistakes = distance[wrong[0]]
    return HierarchyScores(
        accuracy=tuple((100 * (~wrong).mean(axis=1)).tolist()),
        mistake_distance=float(mistakes.mean()) if len(mistakes) else None,
        mean_distance=float(distance.mean()),
    )


def level_clustering_scores(
    tables: Sequence[ArrayLike],
    targets: ArrayLike,
    clusterings: Sequence[ArrayLike],
) -> list[dict[str, float]]:
    """Compute :func:`clustering_scores` on every level of a taxonomy.

    Args:
        tables: One table per level with the label (C,) of every class, see
            :func:`hierarchy_scores`.
        targets: (N,) integers, true classes.
        clusterings: One clustering per level: (N,) integers, the clusters.
            Accuracies are meaningful if the number of clusters is the number
            of classes of the level.

    Returns:
        The scores of every level.

    Raises:
        ValueError: If the tables do not describe a tree, targets are not in
            [0, C), or the number of clusterings is not the number of levels.
    """
    taxonomy = _check_tables(tables)
    truth = _classes('targets', targets, taxonomy)
    if len(clusterings) != len(taxonomy):
        raise ValueError(
            f'a taxonomy of {len(taxonomy)} levels needs one clustering per '
            f'level, got {len(clusterings)}'
        )
    return [
        clustering_scores(table[truth], clusters)
        for table, clusters in zip(taxonomy, clusterings, strict=True)
    ]


def tree_agreement(
    tree: PrototypeTree, tables: Sequence[ArrayLike], targets: ArrayLike
) -> TreeAgreement:
    """Compute how well a tree of prototypes agrees with a taxonomy.

    Args:
        tree: Tree of L levels over N samples.
        tables: One table for each of T levels with the label (C,) of every
            class, see :func:`hierarchy_scores`.
        targets: (N,) integers, the class of every sample of the tree.
            Samples without a leaf do not count.

    Returns:
        Purity and normalised mutual information of every level of the tree
        with respect to every level of the taxonomy.

    Raises:
        ValueError: If the tables do not describe a tree, or the targets are
            not N integers in [0, C).
    """
    taxonomy = _check_tables(tables)
    truth = _classes('targets', targets, taxonomy)
    tree = tree.to('cpu')
    purity = [
        tree_purity(tree, torch.from_numpy(table[truth])) for table in taxonomy
    ]
    has_leaf = (tree.leaf != NO_LEAF).numpy()
    paths, truth = tree.paths(tree.leaf).numpy()[has_leaf], truth[has_leaf]
    nmi = [
        [
            100 * normalized_mutual_info_score(table[truth], prototypes)
            for table in taxonomy
        ]
        for prototypes in paths.T
    ]
    return TreeAgreement(purity=np.array(purity).T, nmi=np.array(nmi))


def _check_tables(tables: Sequence[ArrayLike]) -> np.ndarray:
    """Check the tables and return them as one (T, C) array."""
    given = [np.asarray(table) for table in tables]
    shapes = [table.shape for table in given]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(
            'tables must hold one label per class for each of the levels, got '
            f'the shapes {shapes}'
        )
    taxonomy = np.stack(given)
    if taxonomy.dtype.kind not in 'iu':
        raise ValueError(f'tables must be integers, got {taxonomy.dtype}')
    if len(np.unique(taxonomy[0])) != taxonomy.shape[1]:
        raise ValueError(
            'level 0 of the tables must have a different label for every '
            f'class, got {len(np.unique(taxonomy[0]))} labels for '
            f'{taxonomy.shape[1]} classes'
        )
    for level, (fine, coarse) in enumerate(
        zip(taxonomy, taxonomy[1:], strict=False)
    ):
        edges = np.unique(np.stack([fine, coarse]), axis=1)
        label, count = np.unique(edges[0], return_counts=True)
        if count.max() > 1:
            raise ValueError(
                f'label {label[count.argmax()]} of level {level} has '
                f'{count.max()} parents on level {level + 1}; the levels of a '
                'taxonomy must form a tree, from fine to coarse'
            )
    return taxonomy


def _classes(name: str, values: ArrayLike, taxonomy: np.ndarray) -> np.ndarray:
    classes = np.asarray(values)
    num, kind = taxonomy.shape[1], classes.dtype.kind
    if classes.ndim != 1 or not classes.size or kind not in 'iu':
        raise ValueError(
            f'{name} must be a vector of one or more integers, got shape '
            f'{classes.shape} of {classes.dtype}'
        )
    if classes.min() < 0 or classes.max() >= num:
        raise ValueError(
            f'{name} must be classes of the taxonomy, in [0, {num}), got '
            f'values from {classes.min()} to {classes.max()}; give a taxonomy '
            'that has all classes of the data set'
        )
    return classes
