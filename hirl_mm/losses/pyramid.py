from collections.abc import Sequence

import torch
from torch import Tensor

from .reductions import check_reduction
from .swapped_prediction import swapped_prediction_loss


def pyramid_loss(
    logits: Sequence[Tensor],
    assignments: Sequence[Tensor],
    weights: Sequence[float],
    reduction: str = 'official',
) -> Tensor:
    r"""Compute the pyramid loss of SS-PRL, :math:`L_{pyr}` of Algorithm 1.

    At every scale, the patches of one view group predict the assignments of
    the corresponding patches of the other group, as the views of SwAV do.
    Scale 0, whose only patch is the whole view, may have further views, which
    predict the assignments of the first two.

    Args:
        logits: One tensor (V_s, n_s, K_s) float32 per scale s: V_s views or
            view groups, each of n_s images or patches in the same order,
            already divided by the temperature. V_s is at least 2.
        assignments: One tensor (2, n_s, K_s) float32 per scale, detached,
            with rows that sum to 1: the assignments of the first two groups.
        weights: Weight :math:`\alpha_s` of every scale.
        reduction: ``'official'`` averages over both directions of prediction,
            as the released code does; ``'paper'`` sums over them, as the
            algorithm does, which is twice as much.

    Returns:
        A scalar, summed over scales, averaged over images and patches.

    Raises:
        ValueError: If the numbers of scales differ, or the reduction is
            unknown.
    """
    factor = check_reduction(reduction)
    total = sum(
        weight * swapped_prediction_loss(of_scale, assigned, (0, 1))
        for weight, of_scale, assigned in zip(
            weights, logits, assignments, strict=True
        )
    )
    # The sum of no scales is an int.
    return torch.as_tensor(factor * total)
