import math
from typing import NamedTuple

import torch
from torch import Tensor


class PseudoLabels(NamedTuple):
    """Predictions of a classifier, to be used as labels.

    Args:
        labels: (N,) long, the class with the highest score.
        entropy: (N,) entropy of the predicted distribution in nats, between
            0 and log C.
        kept: (N,) bool, whether the entropy is low enough to use the label.
    """

    labels: Tensor
    entropy: Tensor
    kept: Tensor


def confident_pseudo_labels(
    logits: Tensor, max_entropy: float = 1.0
) -> PseudoLabels:
    """Label images by the confident predictions of a classifier.

    This is the data mining of CsMl ("Seed the Views", section 4.2): images
    whose predicted distribution has an entropy above ``max_entropy`` are
    dropped, the others get the most probable class. The paper does not name
    the unit of its threshold 1; here it is nats. The entropy is computed in
    float32, or in float64 if the scores are. A score that is NaN makes the
    entropy NaN, and the image is dropped.

    Args:
        logits: (N, C) scores of the classes before the softmax.
        max_entropy: Largest entropy in nats of an image that is kept.

    Raises:
        ValueError: If the scores are not those of two or more classes, or
            ``max_entropy`` is not a number of at least 0.

    Example:
        Two classes of three are equally probable (0.69 nats), then all three
        (1.10 nats).

        >>> scores = torch.tensor([[0.0, 0.0, -99.0], [0.0, 0.0, 0.0]])
        >>> found = confident_pseudo_labels(scores)
        >>> found.kept.tolist(), [f'{h:.4f}' for h in found.entropy]
        ([True, False], ['0.6931', '1.0986'])
    """
    if logits.ndim != 2 or logits.size(1) < 2:
        raise ValueError(
            'logits must have a row per image and a column per class, of two '
            f'classes or more, got shape {tuple(logits.shape)}'
        )
    if not (math.isfinite(max_entropy) and max_entropy >= 0):
        raise ValueError(
            'max_entropy is in nats and must be at least 0, got '
            f'{max_entropy}; the entropy of {logits.size(1)} classes is at '
            f'most {math.log(logits.size(1)):.2f}'
        )
    if logits.dtype != torch.float64:
        logits = logits.float()
    # entr(p) is -p log p, and 0 at p = 0.
    entropy = torch.special.entr(logits.softmax(dim=1)).sum(dim=1)
    return PseudoLabels(logits.argmax(dim=1), entropy, entropy <= max_entropy)
