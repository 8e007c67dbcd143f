from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.metrics import normalized_mutual_info_score

from hirl_mm.structures import PrototypeTree

from .clustering import clustering_scores
from .purity import tree_purity


@dataclass(frozen=True)
class HierarchyScores:
    """Predictions of classes in the light of a taxonomy.

    The distance of two classes is the height of their lowest common ancestor,
    as in `Making Better Mistakes <https://arxiv.org/abs/1912.09393>`_: the
    first level on which they are one, or the number of levels if they are on
    none, as below a root that is no level of its own.

    Args:
        accuracy: Per level in percent.
        mistake_distance: Mean distance of truth and prediction over the
            samples that are classified wrongly on level 0; None without any.
        mean_distance: The same over all samples.
    """

    accuracy: tuple[float, ...]
    mistake_distance: float | None
    mean_distance: float


@dataclass(frozen=True)
class TreeAgreement:
    """How a tree of prototypes agrees with a taxonomy.

    Args:
        purity: (L, T) in percent, of each of the L levels of the tree by each
            of the T levels of the taxonomy, see :func:`tree_purity`.
        nmi: (L, T) in percent, mutual information over the arithmetic mean
            of the entropies.
    """

    purity: np.ndarray
    nmi: np.ndarray


def hierarchy_scores(
    tables: Sequence[ArrayLike], targets: ArrayLike, predictions: ArrayLike
) -> HierarchyScores:
    """Accuracy on every level of a taxonomy and how far mistakes go.

    A prediction is carried to a level by its ancestor there.

    Args:
        tables: Per level, from fine to coarse, (C,) integers: the label of
            every class on the level; as ``ClassHierarchy.tables`` returns.
        targets: (N,) integers, classes.
        predictions: (N,) integers, classes.

    Raises:
        ValueError: If the tables make no tree, or targets or predictions are
            not classes of it.

    Example:
        >>> tables = [0, 1, 2, 3], [0, 0, 1, 1]
        >>> hierarchy_scores(tables, [0, 0, 0, 0], [0, 0, 1, 2])
        HierarchyScores(accuracy=(50.0, 75.0), mistake_distance=1.5, \
mean_distance=0.75)
    """
    tables = _check_tables(tables)
    targets = _classes('targets', targets, tables)
    predictions = _classes('predictions', predictions, tables)
    if len(targets) != len(predictions):
        raise ValueError(
            'targets and predictions must be of the same length, got '
            f'{len(targets)} and {len(predictions)}'
        )
    wrong = tables[:, targets] != tables[:, predictions]
    # levels of a tree: two classes differ below their common ancestor only
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
    """:func:`clustering_scores` on every level of a taxonomy.

    Args:
        tables: Class tables, see :func:`hierarchy_scores`.
        targets: (N,) integers, classes.
        clusterings: Per level (N,) integers, clusters; for the accuracy to
            mean something, as many of them as the level has classes.

    Raises:
        ValueError: As :func:`hierarchy_scores`, or if there is not one
            clustering per level.
    """
    tables = _check_tables(tables)
    targets = _classes('targets', targets, tables)
    if len(clusterings) != len(tables):
        raise ValueError(
            f'a taxonomy of {len(tables)} levels needs as many clusterings, '
            f'got {len(clusterings)}'
        )
    return [
        clustering_scores(table[targets], clusters)
        for table, clusters in zip(tables, clusterings, strict=True)
    ]


def tree_agreement(
    tree: PrototypeTree, tables: Sequence[ArrayLike], targets: ArrayLike
) -> TreeAgreement:
    """Purity and NMI of every level of a tree by every level of a taxonomy.

    Args:
        tree: A tree of L levels over N samples.
        tables: Class tables of T levels, see :func:`hierarchy_scores`.
        targets: (N,) integers, the class of every sample of the tree.

    Raises:
        ValueError: If the tables make no tree, or there is not one of its
            classes per sample of ``tree``.
    """
    tables = _check_tables(tables)
    targets = _classes('targets', targets, tables)
    tree = tree.to('cpu')
    purity = [
        tree_purity(tree, torch.from_numpy(table[targets])) for table in tables
    ]
    paths = tree.paths(tree.leaf).numpy()
    nmi = [
        [
            100 * normalized_mutual_info_score(table[targets], prototypes)
            for table in tables
        ]
        for prototypes in paths.T
    ]
    return TreeAgreement(purity=np.array(purity).T, nmi=np.array(nmi))


def _check_tables(tables: Sequence[ArrayLike]) -> np.ndarray:
    """The tables as one (T, C) array."""
    tables = [np.asarray(table) for table in tables]
    shapes = [table.shape for table in tables]
    if len(set(shapes)) != 1 or len(shapes[0]) != 1 or not shapes[0][0]:
        raise ValueError(
            'tables must be one label per class for each of the levels, got '
            f'the shapes {shapes}'
        )
    tables = np.stack(tables)
    if tables.dtype.kind not in 'iu':
        raise ValueError(f'tables must be integers, got {tables.dtype}')
    if len(np.unique(tables[0])) != tables.shape[1]:
        raise ValueError(
            'level 0 of the tables must tell all classes apart, got '
            f'{len(np.unique(tables[0]))} labels for {tables.shape[1]} classes'
        )
    for level, (fine, coarse) in enumerate(
        zip(tables, tables[1:], strict=False)
    ):
        edges = np.unique(np.stack([fine, coarse]), axis=1)
        label, count = np.unique(edges[0], return_counts=True)
        if count.max() > 1:
            raise ValueError(
                f'label {label[count.argmax()]} of level {level} has '
                f'{count.max()} parents on level {level + 1}; the levels of a '
                'taxonomy must make a tree, from fine to coarse'
            )
    return tables


def _classes(name: str, values: ArrayLike, tables: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    num = tables.shape[1]
    if values.ndim != 1 or not values.size or values.dtype.kind not in 'iu':
        raise ValueError(
            f'{name} must be a vector of one or more integers, got shape '
            f'{values.shape} of {values.dtype}'
        )
    if values.min() < 0 or values.max() >= num:
        raise ValueError(
            f'{name} must be classes of the taxonomy, in [0, {num}), got '
            f'values from {values.min()} to {values.max()}; give a taxonomy '
            'of all classes of the data set'
        )
    return values
