import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    normalized_mutual_info_score,
)
from sklearn.metrics.cluster import contingency_matrix


def clustering_scores(
    labels: ArrayLike, clusters: ArrayLike
) -> dict[str, float]:
    """Compute how well a clustering agrees with class labels.

    Args:
        labels: (N,) integers, classes of the samples.
        clusters: (N,) integers, clusters of the samples. The number of
            clusters may differ from the number of classes.

    Returns:
        Four scores, multiplied by 100. ``acc``: accuracy under the best
        one-to-one matching of clusters and classes (Hungarian algorithm);
        samples of clusters without a class count as wrong. ``nmi``: mutual
        information divided by the arithmetic mean of the entropies. ``ami``
        and ``ari``: mutual information and Rand index adjusted for chance, 0
        on average for random clusterings.

    Raises:
        ValueError: If the inputs are empty, are not integers or have
            different lengths.

    Example:
        >>> scores = clustering_scores([0, 0, 1, 1], [5, 5, 3, 3])
        >>> scores['acc'], scores['ari']
        (100.0, 100.0)
    """
    labels, clusters = _paired(labels, clusters)
    counts = contingency_matrix(labels, clusters)
    matched = counts[linear_sum_assignment(counts, maximize=True)].sum()
    return {
        'acc': float(100 * matched / len(labels)),
        'nmi': float(100 * normalized_mutual_info_score(labels, clusters)),
        'ami': float(100 * adjusted_mutual_info_score(labels, clusters)),
        'ari': float(100 * adjusted_rand_score(labels, clusters)),
    }


def cluster_purity(labels: ArrayLike, clusters: ArrayLike) -> float:
    """Compute the share of samples in the majority class of their cluster.

    It grows with the number of clusters: compare clusterings of equally many.

    Args:
        labels: (N,) integers, classes of the samples.
        clusters: (N,) integers, clusters of the samples.

    Returns:
        The purity in percent.

    Raises:
        ValueError: If the inputs are empty, are not integers or have
            different lengths.

    Example:
        >>> cluster_purity([0, 0, 1, 1], [5, 5, 5, 3])
        75.0
    """
    counts = contingency_matrix(*_paired(labels, clusters))
    return float(100 * counts.max(axis=0).sum() / counts.sum())


def _paired(
    labels: ArrayLike, clusters: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    labels = _integers('labels', labels)
    clusters = _integers('clusters', clusters)
    if len(labels) != len(clusters):
        raise ValueError(
            'labels and clusters must be of the same length, got '
            f'{len(labels)} and {len(clusters)}'
        )
    return labels, clusters


def _integers(name: str, values: ArrayLike) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or not len(values):
        raise ValueError(
            f'{name} must be a vector with at least one entry, got shape '
            f'{values.shape}'
        )
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(f'{name} must be integers, got {values.dtype}')
    return values
