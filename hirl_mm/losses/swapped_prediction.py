from collections.abc import Sequence

import torch
from torch import Tensor


def swapped_prediction_loss(
    logits: Tensor, assignments: Tensor, crops_for_assign: Sequence[int]
) -> Tensor:
    r"""Predict the assignment of a crop from the others, Eq. 1 and 6 of SwAV.

    The cross entropy between the assignment :math:`q` of each assigned crop
    and the softmax of each other crop, averaged over both. As the rows of
    :math:`q` sum to 1, it is the log-sum-exp of the logits less their mean
    under :math:`q`, which is one matrix product for all pairs of crops.

    Args:
        logits: (V, B, K) float32, of all V crops, temperature applied.
        assignments: (A, B, K) float32, rows that sum to 1, without a graph.
        crops_for_assign: A indices into the V crops, whose assignments these
            are.

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
