from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from .level_wiring import Term, checked_wiring, cyclic_wiring
from .self_distillation import at_least_float32

Levels = Sequence[Tensor]


def cross_level_loss(
    predictions: tuple[Levels, Levels],
    targets: tuple[Levels, Levels],
    weighting: str | Sequence[float] = 'pseudocode',
    wiring: Sequence[Term] | None = None,
) -> Tensor:
    r"""Compute the loss of hierarchical cross contrastive learning (HCCL).

    Predictions of one view are compared with projections of the other view at
    another level, Eq. 5 to 7 of the paper:

    .. math::
        D(p, z) = -\frac{\langle p, z \rangle}{\|p\| \|z\|}, \qquad
        L = \sum_{(i, j, w)} w \bigl( D(p^a_i, z^b_j) + D(p^b_i, z^a_j)
        \bigr),

    with the mean of D over the batch. Eq. 6 has the pairs (1, n) and
    (i, i - 1) for i = 2 ... n: the lowest level of the projector predicts the
    highest, every other level the one below. No gradient reaches the
    targets.

    The weights w of both kinds of pairs, and the least value of the loss:

    =============== ================ ============================== =========
    ``weighting``   :math:`(1, n)`   :math:`(i, i - 1)`             least
    =============== ================ ============================== =========
    ``eq``          1                1                              -2n
    ``pseudocode``  1/4              1/2                            -(n - 1/2)
    ``balanced``    1/2              1/2                            -n
    ``mean``        1/(2n)           1/(2n)                         -1
    =============== ================ ============================== =========

    ``eq`` is Eq. 6 and 7, ``pseudocode`` is Algorithm 1 of the paper, which
    has two levels; ``mean`` has the scale of SimSiam, whose loss it is for
    n = 1. The other names are ours.

    Args:
        predictions: Of view a and of view b, for every level i a tensor
            (B, D), the output of that level's predictor.
        targets: Of view a and of view b, for every level j a tensor (B, D),
            a projection. Level 0 is :math:`z_1`, the lowest level of the
            projector, which is nearest to the backbone.
        weighting: Weights of the pairs of Eq. 6: a name of the table, or n
            numbers, one per predicting level, the lowest first.
        wiring: Other pairs than those of Eq. 6, as triples (prediction,
            target level, weight) that count from 0. Their weights take the
            place of ``weighting``. The numbers of predictions and of levels
            may differ.

    Returns:
        A scalar in float32 or better, also under autocast.

    Raises:
        ValueError: If the views have different numbers of levels, there are
            not as many predictions as levels although ``wiring`` is None, or
            weights or pairs are wrong, see
            :func:`~hirl_mm.losses.level_wiring.cyclic_wiring` and
            :func:`~hirl_mm.losses.level_wiring.checked_wiring`.

    Example:
        >>> import torch
        >>> z = [torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])]
        >>> cross_level_loss((z[::-1], z[::-1]), (z, z), 'eq')
        tensor(-4.)
    """
    num_predictions = _num_levels(predictions, 'predictions')
    num_levels = _num_levels(targets, 'targets')
    if wiring is not None:
        terms = checked_wiring(wiring, num_predictions, num_levels)
    elif num_predictions == num_levels:
        terms = cyclic_wiring(num_levels, weighting)
    else:
        raise ValueError(
            f'Eq. 6 needs a prediction for every level, but there are '
            f'{num_predictions} predictions and {num_levels} levels: name the '
            'pairs in wiring'
        )
    losses = []
    for own, other in zip(predictions, targets[::-1], strict=True):
        predicted = {i: _unit(own[i]) for i, _, _ in terms}
        target = {j: _unit(other[j].detach()) for _, j, _ in terms}
        for i, j, weight in terms:
            cosine = (predicted[i] * target[j]).sum(-1)
            losses.append(-weight * cosine.mean())
    return sum(losses[1:], losses[0])


def _unit(rows: Tensor) -> Tensor:
    # Autocast lowers no operator that follows, so float32 is enough.
    return F.normalize(at_least_float32(rows), dim=-1)


def _num_levels(views: tuple[Levels, Levels], name: str) -> int:
    counts = [len(levels) for levels in views]
    if len(counts) != 2 or counts[0] != counts[1]:
        raise ValueError(
            f'{name} must be a pair (view a, view b) with equally many '
            f'tensors each, got {len(counts)} views with {counts} tensors'
        )
    return counts[0]
