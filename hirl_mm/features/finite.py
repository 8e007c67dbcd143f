from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.ranks import gather_objects

_ROWS_AT_A_TIME = 65536
_NUM_NAMED = 5


class NonFiniteFeaturesError(ValueError):
    """Features hold NaN or infinity.

    Args:
        name: Name of the features, such as that of a function's argument.
        sample_idx: Indices of the first samples with such features.
        num_bad: Number of samples with such features.
        num_samples: Number of all samples.

    Attributes:
        finding: Message of the error without the advice at its end.
    """

    def __init__(
        self, name: str, sample_idx: list[int], num_bad: int, num_samples: int
    ) -> None:
        # pickle rebuilds the error from all of these arguments.
        super().__init__(name, sample_idx, num_bad, num_samples)
        self.sample_idx = sample_idx
        self.finding = (
            f'{name} must be finite, but {num_bad} of {num_samples} rows hold '
            f'NaN or infinity, the first at {sample_idx}'
        )

    def __str__(self) -> str:
        return (
            f'{self.finding}; look for a diverged model, a broken image or '
            'values too large for the number type'
        )


@torch.no_grad()
def check_finite(
    features: Tensor,
    sample_idx: Tensor | Sequence[int] | None = None,
    *,
    name: str = 'features',
    over_ranks: bool = False,
) -> None:
    """Check that no feature is NaN or infinite.

    Args:
        features: (n, D) floating point, the features to check.
        sample_idx: (n,) integers, sample indices of the rows, for the error;
            None for the numbers of the rows.
        name: Name of the features in the error.
        over_ranks: Whether this is a collective call, in which every rank
            checks its own rows. Then all ranks raise the same error if any
            rank finds a bad row.

    Raises:
        NonFiniteFeaturesError: If there is such a feature. The error gives
            the number of bad rows and their smallest sample indices.
    """
    bad = torch.cat([_is_bad(c) for c in features.split(_ROWS_AT_A_TIME)])
    bad = bad.nonzero().flatten()
    if sample_idx is not None:
        bad = torch.as_tensor(sample_idx, device=bad.device)[bad].sort().values
    found = [(len(bad), len(features), bad[:_NUM_NAMED].tolist())]
    if over_ranks:
        found = gather_objects(found[0])
    num_bad, num_samples, first = zip(*found, strict=True)
    if sum(num_bad):
        first = sorted(idx for of_rank in first for idx in of_rank)
        raise NonFiniteFeaturesError(
            name, first[:_NUM_NAMED], sum(num_bad), sum(num_samples)
        )


def _is_bad(rows: Tensor) -> Tensor:
    """Return which rows have a sum that is not finite, (n,) bool.

    A sum is finite only if all of its terms are.
    """
    dtype = torch.promote_types(rows.dtype, torch.float32)
    return ~torch.isfinite(rows.sum(1, dtype=dtype))
