from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, precision_recall_curve


def average_precision(
    scores: ArrayLike, targets: ArrayLike, method: str = '11-point'
) -> np.ndarray:
    """Compute the average precision of every class.

    Samples with the same score have the same rank.

    Args:
        scores: (N, C), scores of the samples for every class.
        targets: (N, C), 1 for positive samples of a class, 0 for negative
            ones, -1 for samples to ignore ("difficult" in VOC).
        method: ``'11-point'``, as in VOC 2007: the mean over the recalls 0,
            0.1, ..., 1 of the best precision at that recall or a higher one.
            ``'interpolated'``, as in VOC 2010 and in FAIR's `self-supervision
            benchmark <https://arxiv.org/abs/1905.01235>`_, which papers use
            for SVMs on VOC07: the area under the curve of this best
            precision. ``'step'``, as in scikit-learn: the area under the
            curve of the precision itself, as a sum over the steps of recall.

    Returns:
        (C,) average precision in percent.

    Raises:
        ValueError: If shapes, scores, targets or ``method`` are not usable,
            or a class has no positive sample.

    Example:
        >>> average_precision([[.9], [.8], [.1]], [[1], [0], [1]], 'step')
        array([83.33333333])
    """
    if method not in AP_METHODS:
        raise ValueError(
            f'method must be one of {tuple(AP_METHODS)}, got {method!r}'
        )
    scores, targets = np.asarray(scores), np.asarray(targets)
    _check(scores, targets)
    values = []
    for score, target in zip(scores.T, targets.T, strict=True):
        known = target >= 0
        values.append(AP_METHODS[method](target[known], score[known]))
    return 100 * np.array(values, dtype=np.float64)


def check_targets(name: str, targets: np.ndarray) -> None:
    """Check that ``targets`` is a matrix of 1, 0 and -1.

    Args:
        name: Name of the targets in the error.
        targets: (N, C), targets of every sample for every class.

    Raises:
        ValueError: If it is not; the error names the other values.
    """
    if targets.ndim != 2 or not targets.size:
        raise ValueError(
            f'{name} must be of shape (N, C) with N, C >= 1, got '
            f'{targets.shape}'
        )
    unknown = np.setdiff1d(targets, [-1, 0, 1])
    if len(unknown):
        raise ValueError(
            f'{name} must be 1 (positive), 0 (negative) or -1 (ignored), got '
            f'{unknown[:5].tolist()}'
        )


def check_shown(name: str, targets: np.ndarray) -> None:
    """Check that every class has a positive sample.

    Args:
        name: Name of the targets in the error.
        targets: (N, C), targets of every sample for every class.

    Raises:
        ValueError: If a class has none; the error names the classes.
    """
    empty = np.flatnonzero(~(targets == 1).any(axis=0))
    if len(empty):
        raise ValueError(
            f'{name}: {len(empty)} of {targets.shape[1]} classes have no '
            f'positive sample, the first: {empty[:5].tolist()}; remove these '
            'classes'
        )


def _eleven_points(targets: np.ndarray, scores: np.ndarray) -> float:
    precision, recall = _curve(targets, scores)
    points = np.arange(11) / 10
    return np.mean([precision[recall >= p].max() for p in points])


def _interpolated(targets: np.ndarray, scores: np.ndarray) -> float:
    precision, recall = _curve(targets, scores)
    best = np.maximum.accumulate(precision)
    return -np.sum(np.diff(recall, append=0) * best)


def _curve(
    targets: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall, in the order of falling recall."""
    precision, recall, _ = precision_recall_curve(targets, scores)
    # scikit-learn appends a last point with precision 1 and recall 0.
    return precision[:-1], recall[:-1]


AP_METHODS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    '11-point': _eleven_points,
    'interpolated': _interpolated,
    'step': average_precision_score,
}


def _check(scores: np.ndarray, targets: np.ndarray) -> None:
    check_targets('targets', targets)
    if scores.shape != targets.shape:
        raise ValueError(
            'scores must have the shape of the targets, got '
            f'{scores.shape} and {targets.shape}'
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            f'scores must be finite, but {np.sum(~np.isfinite(scores))} are '
            'nan or inf'
        )
    check_shown('targets', targets)
