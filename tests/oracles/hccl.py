"""HCCL written out, one sample and one term at a time."""

import torch


def negative_cosine(p, z):
    """Eq. 5 of one sample."""
    dot = sum(a * b for a, b in zip(p, z, strict=True))
    return -dot / torch.sqrt((p * p).sum()) / torch.sqrt((z * z).sum())


def distance(predictions, targets):
    """Mean of Eq. 5 over the batch; the target gets no gradient."""
    rows = zip(predictions, targets.detach(), strict=True)
    values = [negative_cosine(p, z) for p, z in rows]
    return sum(values) / len(values)


def one_direction(predictions, targets):
    """The terms of Eq. 6: of the lowest level, and of the others."""
    first = distance(predictions[0], targets[-1])
    others = [
        distance(predictions[i], targets[i - 1])
        for i in range(1, len(predictions))
    ]
    return first, others


def loss(predictions, targets, weighting):
    """Eq. 7, Algorithm 1, and two other scales of the same terms.

    Args:
        predictions: Of view a and of view b, n tensors (B, D) each.
        targets: Likewise.
        weighting: Name of the weights.
    """
    total = 0
    num = len(predictions[0])
    for own, other in zip(predictions, targets[::-1], strict=True):
        first, others = one_direction(own, other)
        if weighting == 'eq':
            total = total + first + sum(others)
        elif weighting == 'pseudocode':
            total = total + (first / 2 + sum(others)) / 2
        elif weighting == 'balanced':
            total = total + (first + sum(others)) / 2
        elif weighting == 'mean':
            total = total + (first + sum(others)) / num / 2
    return total
