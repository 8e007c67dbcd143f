import torch
from torch import Tensor

from hirl_mm.ranks import gather_tensors


@torch.no_grad()
def sinkhorn(
    scores: Tensor, epsilon: float = 0.05, num_iters: int = 3
) -> Tensor:
    r"""Assign samples to prototypes in equal shares, Eq. 3 to 5 of SwAV.

    Starting from :math:`\exp(S / \epsilon)`, each iteration scales the
    prototypes to equal mass over the samples of all ranks, and then every
    sample to mass 1, as the released code of SwAV and HIRL does. It computes
    logarithms in float32, also under autocast, so that neither large scores
    nor distant prototypes overflow or underflow. Every rank sends one (K,)
    vector per iteration.

    In mmpretrain 1.2 the ranks are summed only if one of them has an empty
    prototype; otherwise every rank balances its own samples alone.

    Args:
        scores: (..., n, K), similarities of the n samples of this rank to the
            prototypes; n may differ between ranks. The leading dimensions
            are independent problems.
        epsilon: Temperature of the scores; the larger, the more even the
            assignment.
        num_iters: Number of iterations, at least 1.

    Returns:
        (..., n, K) float32, rows that sum to 1. The masses of the prototypes
        approach equal values as the number of iterations grows.

    Example:
        >>> scores = torch.tensor([[0.9, 0.1], [0.1, 0.8], [0.2, 0.3]])
        >>> sinkhorn(scores, epsilon=0.5).round(decimals=2)
        tensor([[0.8400, 0.1600],
                [0.2000, 0.8000],
                [0.4600, 0.5400]])
    """
    log_q = scores.float() / epsilon
    for _ in range(num_iters):
        log_q -= _over_ranks(log_q.logsumexp(-2, keepdim=True))
        log_q -= log_q.logsumexp(-1, keepdim=True)
    return log_q.exp_()


def _over_ranks(log_mass: Tensor) -> Tensor:
    return torch.stack(gather_tensors(log_mass.contiguous())).logsumexp(0)
