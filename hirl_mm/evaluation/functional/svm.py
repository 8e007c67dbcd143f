from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from hirl_mm.features import check_finite

from .average_precision import (
    AP_METHODS,
    average_precision,
    check_shown,
    check_targets,
)

# FAIR's benchmark tries 0.5^4 to 0.5^19 and costs that the user adds, often
# 1e-7 to 100. L2-normalised features need costs of 1 and more.
COSTS = tuple(10.0**power for power in range(-4, 3))
NUM_FOLDS = 3


@dataclass(frozen=True)
class SVMScores:
    """Scores of one-vs-rest support vector machines.

    Args:
        average_precision: Average precision of every class (C,) in percent,
            for each method of :func:`average_precision`.
        costs: (C,), cost that cross-validation selected for every class.
    """

    average_precision: dict[str, tuple[float, ...]]
    costs: tuple[float, ...]

    @property
    def mean(self) -> dict[str, float]:
        """Mean average precision in percent by method."""
        return {
            method: float(np.mean(values))
            for method, values in self.average_precision.items()
        }


def usable_classes(targets: ArrayLike, query_targets: ArrayLike) -> np.ndarray:
    """Return for which classes :func:`svm_scores` can be computed.

    Args:
        targets: (N, C), targets of the training samples.
        query_targets: (Q, C), targets of the test samples.

    Returns:
        (C,) bool, True for classes with at least 3 positive and 3 negative
        training samples and a positive test sample.
    """
    targets, query_targets = np.asarray(targets), np.asarray(query_targets)
    counts = [(targets == value).sum(axis=0) for value in (1, 0)]
    shown = (query_targets == 1).any(axis=0)
    return shown & (np.min(counts, axis=0) >= NUM_FOLDS)


def svm_scores(
    features: ArrayLike,
    targets: ArrayLike,
    queries: ArrayLike,
    query_targets: ArrayLike,
    costs: Sequence[float] = COSTS,
) -> SVMScores:
    """Evaluate linear SVMs on frozen features, one classifier per class.

    This is the protocol of FAIR's `self-supervision benchmark
    <https://arxiv.org/abs/1905.01235>`_ for VOC07: L2-normalised features,
    squared hinge loss and a weight of 2 for positive samples. The cost of
    every class is selected by the average precision of a 3-fold
    cross-validation on the training samples. There are two differences.
    Samples with the target -1 are ignored in the training of the class, while
    the benchmark trains with them as negatives. And the primal problem is
    solved, which uses no random order and needs few iterations at any cost.

    Args:
        features: (N, D) features of the training samples.
        targets: (N, C), 1 for positive samples of a class, 0 for negative
            ones, -1 for samples to ignore ("difficult" in VOC).
        queries: (Q, D) features of the test samples.
        query_targets: (Q, C), targets of the test samples, with the values of
            ``targets``.
        costs: Costs (``C`` of scikit-learn's ``LinearSVC``) to select from.
            If several are equally good, the first is selected.

    Raises:
        ValueError: If shapes, features, targets or ``costs`` are not usable,
            or a class has fewer than 3 positive or 3 negative training
            samples.
    """
    given, query_rows = np.asarray(features), np.asarray(queries)
    of_class, of_query = np.asarray(targets), np.asarray(query_targets)
    _check(given, of_class, query_rows, of_query, costs)
    rows, query_rows = (
        normalize(each.astype(np.float64)) for each in (given, query_rows)
    )
    chosen, scores = [], []
    for target in of_class.T:
        known = target >= 0
        cost = _best_cost(rows[known], target[known], costs)
        classifier = _classifier(cost).fit(rows[known], target[known])
        chosen.append(cost)
        scores.append(classifier.decision_function(query_rows))
    decisions = np.stack(scores, axis=1)
    precision = {
        method: average_precision(decisions, of_query, method)
        for method in AP_METHODS
    }
    return SVMScores(
        average_precision={
            method: tuple(values.tolist())
            for method, values in precision.items()
        },
        costs=tuple(chosen),
    )


def _best_cost(
    features: np.ndarray, target: np.ndarray, costs: Sequence[float]
) -> float:
    precision = [
        cross_val_score(
            _classifier(cost),
            features,
            target,
            cv=NUM_FOLDS,
            scoring='average_precision',
        ).mean()
        for cost in costs
    ]
    return costs[int(np.argmax(precision))]


def _classifier(cost: float) -> LinearSVC:
    return LinearSVC(
        C=cost,
        class_weight={1: 2, 0: 1},
        dual=False,
        max_iter=2000,
    )


def _check(
    features: np.ndarray,
    targets: np.ndarray,
    queries: np.ndarray,
    query_targets: np.ndarray,
    costs: Sequence[float],
) -> None:
    if not len(costs) or not min(costs) > 0:
        raise ValueError(
            f'costs must be one or more positive numbers, got {tuple(costs)}'
        )
    for name, rows, of in (
        ('features', features, targets),
        ('queries', queries, query_targets),
    ):
        check_targets(f'targets of the {name}', of)
        if rows.ndim != 2 or len(rows) != len(of):
            raise ValueError(
                f'{name} must have one row for each of their {len(of)} rows '
                f'of targets, got shape {rows.shape}'
            )
        check_finite(torch.from_numpy(rows), name=name)
    if features.shape[1] != queries.shape[1]:
        raise ValueError(
            'features and queries must be of the same dimension, got '
            f'{features.shape[1]} and {queries.shape[1]}'
        )
    if targets.shape[1] != query_targets.shape[1]:
        raise ValueError(
            'features and queries must have targets for the same classes, '
            f'got {targets.shape[1]} and {query_targets.shape[1]}'
        )
    check_shown('targets of the queries', query_targets)
    counts = np.stack([(targets == value).sum(axis=0) for value in (1, 0)])
    few = np.flatnonzero(counts.min(axis=0) < NUM_FOLDS)
    if len(few):
        raise ValueError(
            f'{NUM_FOLDS}-fold cross-validation needs {NUM_FOLDS} positive '
            f'and {NUM_FOLDS} negative training samples of every class, but '
            f'{len(few)} of {targets.shape[1]} classes have fewer, the '
            f'first: {few[:5].tolist()}; add samples or remove these classes'
        )
