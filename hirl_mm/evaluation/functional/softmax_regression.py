"""Multinomial logistic regression that processes samples in chunks."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import Tensor


@dataclass(frozen=True)
class SoftmaxFit:
    """Result of a fit.

    Args:
        weights: (C, D + 1) float64, weights and, in the last column, biases.
        iterations: Number of iterations of L-BFGS.
        converged: False if the largest number of iterations was reached.
    """

    weights: np.ndarray
    iterations: int
    converged: bool


@torch.no_grad()
def softmax_loss(
    weights: np.ndarray,
    features: Tensor,
    targets: Tensor,
    rows: Tensor,
    strength: float,
    chunk_size: int,
) -> tuple[float, np.ndarray]:
    """Compute the regularised mean cross-entropy and its gradient.

    The value is the mean over ``rows`` of ``-log softmax(W x + b)[target]``
    plus ``strength / 2 * |W|^2``, where x is the L2-normalised feature.
    Products are computed in the type of the features, at least float32;
    parameters and sums over chunks are float64.

    Args:
        weights: (C, D + 1) float64, weights and, in the last column, biases.
        features: (N, D) features, which need not be normalised.
        targets: (N,) long in [0, C), on the CPU, classes of the samples.
        rows: (M,) long on the CPU, indices of the samples to use.
        strength: Strength of the regularisation of the weights; biases are
            not regularised.
        chunk_size: Number of rows to process at a time.

    Returns:
        The value, and the gradient (C, D + 1).
    """
    moved = torch.from_numpy(weights).to(features.device)
    value = moved.new_zeros(())
    gradient = torch.zeros_like(moved)
    for chunk in rows.split(chunk_size):
        unit, scores = _scores(features, moved, chunk)
        target = targets[chunk].to(scores.device)[:, None]
        log_p = F.log_softmax(scores, dim=1)
        value -= log_p.gather(1, target).sum()
        residual = log_p.exp_()
        residual.scatter_add_(1, target, residual.new_full(target.shape, -1))
        gradient[:, :-1] += residual.T @ unit
        gradient[:, -1] += residual.sum(dim=0)
    value, gradient = value / len(rows), gradient / len(rows)
    value += strength / 2 * moved[:, :-1].square().sum()
    gradient[:, :-1] += strength * moved[:, :-1]
    return value.item(), gradient.cpu().numpy()


def fit_softmax(
    features: Tensor,
    targets: Tensor,
    rows: Tensor,
    strength: float,
    start: np.ndarray,
    *,
    max_iterations: int,
    tolerance: float,
    chunk_size: int,
) -> SoftmaxFit:
    """Minimise :func:`softmax_loss` by L-BFGS.

    Args:
        features: (N, D) features, which need not be normalised.
        targets: (N,) long in [0, C), on the CPU, classes of the samples.
        rows: (M,) long on the CPU, indices of the samples to train on.
        strength: Strength of the regularisation of the weights.
        start: (C, D + 1) float64, initial weights and biases.
        max_iterations: Largest number of iterations.
        tolerance: The fit has converged if no entry of the gradient is larger
            than ``tolerance`` times the largest entry of the gradient at
            zero. This bound suits any number of classes and dimensions.
        chunk_size: Number of rows to process at a time.
    """

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = softmax_loss(
            flat.reshape(start.shape),
            features,
            targets,
            rows,
            strength,
            chunk_size,
        )
        return value, gradient.ravel()

    largest = np.abs(loss(np.zeros(start.size))[1]).max()
    found = minimize(
        loss,
        start.ravel(),
        method='L-BFGS-B',
        jac=True,
        options=dict(
            maxiter=max_iterations,
            gtol=tolerance * largest,
            ftol=0,
        ),
    )
    return SoftmaxFit(
        weights=found.x.reshape(start.shape),
        iterations=int(found.nit),
        converged=found.status != 1,
    )


@torch.no_grad()
def predict_softmax(
    features: Tensor, rows: Tensor, weights: np.ndarray, chunk_size: int
) -> Tensor:
    """Predict the classes of samples.

    Args:
        features: (N, D) features, which need not be normalised.
        rows: (M,) long on the CPU, indices of the samples to classify.
        weights: (C, D + 1) float64, weights and, in the last column, biases.
        chunk_size: Number of rows to process at a time.

    Returns:
        (M,) long on the CPU, the predicted classes.
    """
    moved = torch.from_numpy(weights).to(features.device)
    return torch.cat(
        [
            _scores(features, moved, chunk)[1].argmax(dim=1).cpu()
            for chunk in rows.split(chunk_size)
        ]
    )


def _scores(
    features: Tensor, weights: Tensor, rows: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the L2-normalised rows (M, D) and their scores (M, C)."""
    dtype = torch.promote_types(features.dtype, torch.float32)
    chosen = features[rows.to(features.device)].to(dtype)
    unit, weights = F.normalize(chosen, dim=1), weights.to(dtype)
    return unit, torch.addmm(weights[:, -1], unit, weights[:, :-1].T)
