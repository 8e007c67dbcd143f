from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, precision_recall_curve


def average_precision(
    scores: ArrayLike, targets: ArrayLike, method: str = '11-point'
) -> np.ndarray:
    """Average precision of the ranking of samples, by class.

    Samples of equal score share a rank.

    Args:
        scores: (N, C), higher for classes that a sample is likelier to show.
        targets: (N, C), 1 if the sample shows the class, 0 if not, -1 if
            that is left open ("difficult" in VOC): such a sample is left out
            for this class.
        method: ``'11-point'``, of VOC 2007: the mean over recall 0, 0.1, ...,
            1 of the best precision at this recall or above.
            ``'interpolated'``, of VOC 2010 and of FAIR's `self-supervision
            benchmark <https://arxiv.org/abs/1905.01235>`_, by which SVMs on
            VOC07 are reported: the area under that best precision.
            ``'step'``, of scikit-learn: the precision itself, summed over
            the steps of recall.

    Returns:
        (C,) in percent.

    Raises:
        ValueError: If shapes, scores, targets or ``method`` are not usable,
            or a class has no sample that shows it.

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
    """Raise unless ``targets`` is a matrix of 1, 0 and -1.

    Raises:
        ValueError: With the values that were found.
    """
    if targets.ndim != 2 or not targets.size:
        raise ValueError(
            f'{name} must be of shape (N, C) with N, C >= 1, got '
            f'{targets.shape}'
        )
    unknown = np.setdiff1d(targets, [-1, 0, 1])
    if len(unknown):
        raise ValueError(
            f'{name} must be 1 (shown), 0 (not shown) or -1 (left open), got '
            f'{unknown[:5].tolist()}'
        )


def check_shown(name: str, targets: np.ndarray) -> None:
    """Raise unless every class has a sample that shows it.

    Raises:
        ValueError: With the classes that have none.
    """
    empty = np.flatnonzero(~(targets == 1).any(axis=0))
    if len(empty):
        raise ValueError(
            f'{name}: {len(empty)} of {targets.shape[1]} classes have no '
            f'sample that shows them, the first: {empty[:5].tolist()}; leave '
            'these classes out'
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
    """Precision and recall, the latter falling from 1."""
    precision, recall, _ = precision_recall_curve(targets, scores)
    # scikit-learn ends the curve with a point of precision 1 at recall 0
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
            'scores must be of the shape of the targets, got '
            f'{scores.shape} and {targets.shape}'
        )
    if not np.isfinite(scores).all():
        raise ValueError(
            f'scores must be finite, but {np.sum(~np.isfinite(scores))} are '
            'nan or inf'
        )
    check_shown('targets', targets)
