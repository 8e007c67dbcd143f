import torch
from torch import Tensor

from hirl_mm.features.finite import check_finite


@torch.no_grad()
def effective_rank(features: Tensor) -> float:
    """Estimate how many directions features use, by RankMe.

    `RankMe <https://arxiv.org/abs/2210.02885>`_ (Garrido et al., 2023) is the
    exponential of the entropy of the singular values, divided by their sum.
    It needs no labels. Features that use d orthogonal directions equally
    have the value d. Features that are all parallel have the value 1. As in
    the paper, the mean is not subtracted.

    The singular values are the roots of the eigenvalues of the smaller of
    the two products of the features with themselves, in float64, in less
    than half of the time of a decomposition of the features. This changes
    the result by about a millionth, as rounding hides singular values below
    about 1e-7 of the largest one: they count as 0. The paper adds 1e-7 to
    every share, so that no logarithm is infinite; here a share of 0 adds
    nothing to the entropy.

    Args:
        features: (N, D) floating point, on any device. The result is at most
            ``min(N, D)``, so compare values of the same N only.

    Returns:
        The effective rank; 0 if there is no feature, or all are 0.

    Raises:
        ValueError: If the features are not a matrix.
        NonFiniteFeaturesError: If a feature is NaN or infinite.

    Example:
        >>> parallel = torch.tensor([[1., 2.], [2., 4.], [3., 6.]])
        >>> round(effective_rank(torch.eye(3)), 3), effective_rank(parallel)
        (3.0, 1.0)
    """
    if features.dim() != 2:
        raise ValueError(
            f'features must have shape (N, D), got {tuple(features.shape)}'
        )
    check_finite(features)
    rows = features.double().cpu()
    if rows.size(0) < rows.size(1):
        rows = rows.T
    values = torch.linalg.eigvalsh(rows.T @ rows)
    rounding = torch.finfo(values.dtype).eps * len(rows)
    values[values < rounding * values.max()] = 0
    singular = values.sqrt()
    total = singular.sum()
    if not total > 0:
        return 0.0
    return torch.special.entr(singular / total).sum().exp().item()
