from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.ranks import gather_objects

_ROWS_AT_A_TIME = 65536
_NUM_NAMED = 5


class NonFiniteFeaturesError(ValueError):
    """Features hold NaN or infinity.

    Args:
        name: What the features are, as the argument of a function.
        sample_idx: The first samples whose features are not finite.
        num_bad: Number of such samples.
        num_samples: Number of all samples.

    Attributes:
        finding: What was found, without advice.
    """

    def __init__(
        self, name: str, sample_idx: list[int], num_bad: int, num_samples: int
    ) -> None:
        # All arguments, so that pickle can build the error anew.
        super().__init__(name, sample_idx, num_bad, num_samples)
        self.sample_idx = sample_idx
        self.finding = (
            f'{name} must be finite, but {num_bad} of {num_samples} rows hold '
            f'NaN or infinity, the first at {sample_idx}'
        )

    def __str__(self) -> str:
        return (
            f'{self.finding}; look for a diverged model, a broken image or a '
            'number type that is too small'
        )


@torch.no_grad()
def check_finite(
    features: Tensor,
    sample_idx: Tensor | Sequence[int] | None = None,
    *,
    name: str = 'features',
    over_ranks: bool = False,
) -> None:
    """Raise an error if a feature is NaN or infinite.

    Args:
        features: (n, D) floating point.
        sample_idx: (n,) integers that the error names; the numbers of the
            rows where None.
        name: What the features are, for the error.
        over_ranks: Whether all ranks of the process group call this
            together, each with its own rows. Then all of them raise the same
            error if one of them holds a bad row.

    Raises:
        NonFiniteFeaturesError: With the number of bad rows and the smallest
            sample indices among them.
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
    """(n,) bool; a sum is finite only if all of its terms are."""
    dtype = torch.promote_types(rows.dtype, torch.float32)
    return ~torch.isfinite(rows.sum(1, dtype=dtype))
