from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .reductions import check_reduction

G_INPUTS = 'logits', 'prob'
CROSS_PAIRS = 'all', 'matched'


def cross_scale_loss(
    scores: Sequence[Tensor],
    assignments: Tensor,
    correlations: Sequence[Tensor],
    weights: Sequence[float],
    temperature: float = 0.1,
    g_input: str = 'logits',
    pairs: str = 'all',
    reduction: str = 'official',
) -> Tensor:
    r"""Compute the cross-scale loss of SS-PRL, :math:`L_{cross}`.

    The patches of an image, averaged, predict the assignment of the whole
    image through the correlation learner :math:`g_s` of their scale, a linear
    map from the K_s prototypes of the patches to the K_0 of the images. The
    gradient reaches the patches and the maps, not the assignments.

    Args:
        scores: One tensor (2, M_s, B, K_s) float32 per scale of patches: the
            cosine similarities of the M_s patches of B images to the K_s
            prototypes, of two view groups.
        assignments: (2, B, K_0) float32, detached, with rows that sum to 1:
            the assignments of the first two whole views.
        correlations: Weight (K_0, K_s) of the map of every scale, with rows
            of unit length.
        weights: Weight :math:`\beta_s` of every scale.
        temperature: Temperature of the predictions.
        g_input: Input of the map. ``'logits'`` for the mean of the scores
            over the patches, L2-normalised, as in the released code;
            ``'prob'`` for the mean of the softmax of the scores over the
            temperature, as in the algorithm.
        pairs: ``'all'`` lets the patches of both groups predict both views,
            as in the released code; ``'matched'`` those of the first group
            the first view, and of the second group the second, as in the
            algorithm.
        reduction: ``'official'`` averages over the pairs; ``'paper'`` gives
            twice as much, the sum over two matched pairs.

    Returns:
        A scalar, summed over scales, averaged over images.

    Raises:
        ValueError: If the numbers of scales differ, or an option is unknown.
    """
    factor = check_reduction(reduction)
    for name, value, choices in (
        ('g_input', g_input, G_INPUTS),
        ('pairs', pairs, CROSS_PAIRS),
    ):
        if value not in choices:
            raise ValueError(f'{name} must be one of {choices}, got {value!r}')
    if pairs == 'all':
        assignments = assignments.mean(0, keepdim=True)
    total = sum(
        weight
        * _cross_entropy(
            _predict(of_patches, map_, temperature, g_input), assignments
        )
        for of_patches, map_, weight in zip(
            scores, correlations, weights, strict=True
        )
    )
    # The sum of no scales is an int.
    return torch.as_tensor(factor * total, device=assignments.device)


def _predict(
    scores: Tensor, correlation: Tensor, temperature: float, g_input: str
) -> Tensor:
    """Return the logits (2, B, K_0) of images from scores (2, M, B, K)."""
    if g_input == 'logits':
        features = F.normalize(scores.mean(1), dim=-1)
    else:
        features = (scores / temperature).softmax(-1).mean(1)
    return features @ correlation.T / temperature


def _cross_entropy(logits: Tensor, assignments: Tensor) -> Tensor:
    """Return the mean cross entropy of logits (2, B, K)."""
    return -(assignments * logits.log_softmax(-1)).sum(-1).mean()
