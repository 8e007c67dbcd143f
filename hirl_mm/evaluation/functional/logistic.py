from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hirl_mm.evaluation.label_subsets import label_subset
from hirl_mm.features import check_finite

from .labels import check_labels
from .softmax_regression import fit_softmax, predict_softmax

STRENGTHS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
FIXED_STRENGTH = 1e-4
_HELD_OUT = 0.2


@dataclass(frozen=True)
class LogisticResult:
    """Result of a logistic regression.

    Args:
        top1: Top-1 accuracy on the queries in percent.
        strength: Strength of the regularisation.
        chosen: Whether ``strength`` was selected on held-out training
            samples; False if there were too few samples, so that it is the
            fixed strength.
        iterations: Number of iterations of the last fit, which uses all
            training samples.
        converged: Whether all fits converged within the largest number of
            iterations.
    """

    top1: float
    strength: float
    chosen: bool
    iterations: int
    converged: bool


def logistic_accuracy(
    features: Tensor,
    labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
    *,
    strengths: Sequence[float] = STRENGTHS,
    fixed_strength: float = FIXED_STRENGTH,
    seed: int = 0,
    max_iterations: int = 1000,
    tolerance: float = 1e-3,
    chunk_size: int = 16384,
) -> LogisticResult:
    """Evaluate multinomial logistic regression on frozen features.

    Features are L2-normalised. L-BFGS minimises the mean cross-entropy plus
    ``strength / 2`` times the sum of the squared weights, without the biases.
    The optimum is that of scikit-learn's ``LogisticRegression`` with
    ``C = 1 / (strength * N)``. The loss is computed on the device of the
    features, chunk by chunk, so that the N x C scores never exist as a whole.

    The strength is selected by the accuracy on a held-out fifth of the
    training samples, drawn per class; the queries are not used for it. Each
    fit starts from the weights of the previous one. If a class has a single
    training sample (as in 1 % of a small data set), no samples can be held
    out and ``fixed_strength`` is used.

    Args:
        features: (N, D) features of the training samples.
        labels: (N,) integers from 0, classes of the training samples.
        queries: (Q, D) features of the samples to classify.
        query_labels: (Q,) integers from 0, true classes of the queries.
            Queries of a class without training samples count as wrong.
        strengths: Strengths of the regularisation to select from, preferably
            from strong to weak. If several are equally good, the first is
            selected.
        fixed_strength: Strength of the regularisation if there are too few
            samples to select one.
        seed: Seed of the random choice of held-out samples.
        max_iterations: Largest number of iterations of one fit.
        tolerance: Tolerance of one fit, relative to the largest entry of the
            gradient at zero, see :func:`fit_softmax`.
        chunk_size: Number of rows to process at a time.

    Raises:
        ValueError: If shapes, labels, features or options are not usable.
    """
    _check_options(
        strengths=strengths,
        fixed_strength=[fixed_strength],
        tolerance=[tolerance],
        max_iterations=[max_iterations],
        chunk_size=[chunk_size],
    )
    _check(features, labels, queries, query_labels)
    options: dict[str, Any] = dict(
        max_iterations=max_iterations,
        tolerance=tolerance,
        chunk_size=chunk_size,
    )
    classes, targets = labels.cpu().unique(return_inverse=True)
    start = np.zeros((len(classes), features.size(1) + 1))
    strength, converged = fixed_strength, True
    chosen = bool(targets.bincount().min() > 1)
    if chosen:
        strength, start, converged = _choose(
            features, targets, start, strengths, seed, options
        )
    everything = torch.arange(len(targets))
    fit = fit_softmax(
        features, targets, everything, strength, start, **options
    )
    found = classes[
        predict_softmax(
            queries, torch.arange(len(queries)), fit.weights, chunk_size
        )
    ]
    hits = int((found == query_labels.cpu()).sum())
    return LogisticResult(
        top1=100 * hits / len(queries),
        strength=strength,
        chosen=chosen,
        iterations=fit.iterations,
        converged=converged and fit.converged,
    )


def _choose(
    features: Tensor,
    targets: Tensor,
    start: np.ndarray,
    strengths: Sequence[float],
    seed: int,
    options: dict[str, Any],
) -> tuple[float, np.ndarray, bool]:
    """Return the best strength, its weights and whether all fits converged."""
    held_out = torch.from_numpy(label_subset(targets, _HELD_OUT, seed))
    kept = torch.ones(len(targets), dtype=torch.bool)
    kept[held_out] = False
    kept = kept.nonzero().flatten()
    most, converged, weights = -1, True, start
    for candidate in strengths:
        fit = fit_softmax(
            features, targets, kept, candidate, weights, **options
        )
        weights = fit.weights
        converged &= fit.converged
        found = predict_softmax(
            features, held_out, weights, options['chunk_size']
        )
        hits = int((found == targets[held_out]).sum())
        if hits > most:
            most, strength, best = hits, candidate, weights
    return strength, best, converged


def _check_options(**options: Sequence[float]) -> None:
    for name, values in options.items():
        if not len(values) or not all(value > 0 for value in values):
            raise ValueError(
                f'{name} must be positive, got {", ".join(map(str, values))}'
            )


def _check(
    features: Tensor,
    labels: Tensor,
    queries: Tensor,
    query_labels: Tensor,
) -> None:
    shapes = tuple(features.shape), tuple(queries.shape)
    if any(len(shape) != 2 for shape in shapes) or (
        shapes[0][1] != shapes[1][1]
    ):
        raise ValueError(
            'features and queries must have shapes (N, D) and (Q, D) with '
            f'the same D, got {shapes[0]} and {shapes[1]}'
        )
    for name, rows, of in (
        ('training', features, labels),
        ('query', queries, query_labels),
    ):
        if not len(rows):
            raise ValueError(f'there must be at least one {name} sample')
        check_labels(name, rows, of)
        check_finite(rows, name=f'{name} features')
    if len(labels.unique()) < 2:
        raise ValueError(
            'training labels must be of two or more classes, got '
            f'{labels.unique().tolist()}'
        )
