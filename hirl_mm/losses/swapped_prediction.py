from collections.abc import Sequence

import torch
from torch import Tensor


def swapped_prediction_loss(
    logits: Tensor, assignments: Tensor, crops_for_assign: Sequence[int]
) -> Tensor:
    r"""Compute the swapped prediction loss, Eq. 1 and 6 of SwAV.

    Every crop predicts the assignments of the other crops. The loss is the
    cross entropy between the assignment :math:`q` of a crop and the softmax
    of another crop, averaged over all such pairs. As the rows of :math:`q`
    sum to 1, it is the log-sum-exp of the logits minus their mean under
    :math:`q`, which is one matrix product for all pairs.

    Args:
        logits: (V, B, K) float32, logits of all V crops, already divided by
            the temperature.
        assignments: (A, B, K) float32, rows that sum to 1, detached.
        crops_for_assign: A indices: ``assignments[i]`` belongs to the crop
            ``logits[crops_for_assign[i]]``.

    Returns:
        A scalar.
    """
    num_crops, batch_size, _ = logits.shape
    normalizer = logits.logsumexp(-1).mean(1)
    expected = torch.einsum('abk,vbk->av', assignments, logits) / batch_size
    entropy = normalizer - expected
    others = sum(
        row.sum() - row[crop]
        for row, crop in zip(entropy, crops_for_assign, strict=True)
    )
    return others / (len(crops_for_assign) * (num_crops - 1))
