from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .known_gradient import KnownGradient
from .self_distillation import at_least_float32


def cross_sample_loss(
    query: Tensor,
    positives: Sequence[Tensor],
    negatives: Tensor,
    temperature: float = 0.2,
    weights: Sequence[float | Tensor] | None = None,
) -> Tensor:
    r"""Compute the contrastive loss of CsMl with several positives per query.

    Eq. 2, 4 and 6 of `CsMl <https://arxiv.org/abs/2012.02733>`_: the weighted
    sum over positives of

    .. math::
        \ell(q, k) = -\log \frac{e^{q \cdot k / \tau}}
        {e^{q \cdot k / \tau} + \sum_{i=1}^N e^{q \cdot k_i / \tau}},

    averaged over the batch. Every positive has its own denominator, in which
    the other positives do not occur. With one positive it is the loss of
    MoCo. No gradient reaches the positives and negatives. The loss is
    computed in float32 or better, also under autocast; its gradient is
    computed with it, so that no (B, N) tensor is kept for the backward pass
    and ``negatives`` may be overwritten after the call.

    Args:
        query: (B, D) with rows of unit length.
        positives: Keys (B, D) with rows of unit length; the positives of a
            query are the rows of its index.
        negatives: (N, D) with rows of unit length, the same for all queries.
        temperature: Temperature :math:`\tau`.
        weights: Of every positive, a number or a tensor (B,); None for equal
            weights with a sum of 1.

    Returns:
        The loss, a scalar.

    Raises:
        ValueError: If there is no positive, the shapes or the number of
            weights do not fit, or the temperature is not positive.

    Example:
        >>> query = torch.tensor([[1., 0.]])
        >>> keys = [torch.tensor([[1., 0.]]), torch.tensor([[0.6, 0.8]])]
        >>> cross_sample_loss(query, keys, torch.tensor([[0., 1.]]))
        tensor(0.0277)
    """
    _check(query, positives, negatives, temperature, weights)
    if weights is None:
        weights = [1 / len(positives)] * len(positives)
    with torch.autocast(query.device.type, enabled=False):
        unit = at_least_float32(query)
        keys = [key.detach().to(unit.dtype) for key in positives]
        others = negatives.detach().to(unit.dtype)
        needs = torch.is_grad_enabled() and unit.requires_grad
        loss, gradient = _loss_and_gradient(
            unit.detach(), keys, others, temperature, weights, needs
        )
        return KnownGradient.apply(unit, loss, gradient) if needs else loss


def _loss_and_gradient(
    query: Tensor,
    positives: Sequence[Tensor],
    negatives: Tensor,
    temperature: float,
    weights: Sequence[float | Tensor],
    needs_gradient: bool,
) -> tuple[Tensor, Tensor | None]:
    logits = query @ negatives.T / temperature
    denominator = logits.logsumexp(1)
    loss = torch.zeros_like(denominator)
    # Weighted share of every denominator that belongs to the negatives.
    share = torch.zeros_like(denominator)
    pull = torch.zeros_like(query)
    for key, weight in zip(positives, weights, strict=True):
        gap = denominator - (query * key).sum(1) / temperature
        loss -= weight * F.logsigmoid(-gap)
        of_negatives = weight * gap.sigmoid()
        share += of_negatives
        pull += of_negatives[:, None] * key
    loss = loss.mean()
    if not needs_gradient:
        return loss, None
    push = logits.sub_(denominator[:, None]).exp_() @ negatives
    gradient = share[:, None] * push - pull
    return loss, gradient / (temperature * len(query))


def _check(
    query: Tensor,
    positives: Sequence[Tensor],
    negatives: Tensor,
    temperature: float,
    weights: Sequence[float | Tensor] | None,
) -> None:
    shapes = [tuple(key.shape) for key in positives]
    if query.ndim != 2 or not shapes or set(shapes) != {tuple(query.shape)}:
        raise ValueError(
            'query and every positive must have the same shape (B, D), got '
            f'{tuple(query.shape)} and {shapes}'
        )
    if negatives.ndim != 2 or negatives.size(1) != query.size(1):
        raise ValueError(
            f'negatives must have the shape (N, {query.size(1)}), got '
            f'{tuple(negatives.shape)}'
        )
    if temperature <= 0:
        raise ValueError(f'temperature must be positive, got {temperature}')
    if weights is not None and len(weights) != len(shapes):
        raise ValueError(
            f'weights must hold one weight for each of {len(shapes)} '
            f'positives, got {len(weights)}'
        )
