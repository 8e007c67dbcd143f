from collections.abc import Callable, Iterable

import torch
import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import rank_and_world_size

from .holders import first_rows, holding_ranks, unheld


@torch.no_grad()
def extract_features(
    fn: Callable[[dict], Tensor], loader: Iterable[dict], num_samples: int
) -> tuple[Tensor, Tensor]:
    """Features of the samples that this rank's loader yields.

    Samplers pad the last round so that all ranks get equally many samples;
    of a sample that several ranks hold, or one holds twice, one row is kept.
    The released code sums the padded rows and halves those that come out too
    long.

    Args:
        fn: From a batch of the loader to features (B, D).
        loader: Yields batches with ``data_samples`` that carry their
            ``sample_idx``.
        num_samples: N, the number of samples over all ranks.

    Returns:
        Sample indices (n,) long and features (n, D) float32, on the device of
        the features. Over all ranks every index below N occurs once.

    Raises:
        ValueError: If the loaders leave samples out, a sample carries an
            index outside [0, N), or a feature is NaN or infinite.
    """
    features, sample_idx = [], []
    for batch in loader:
        features.append(fn(batch).float())
        sample_idx.extend(s.sample_idx for s in batch['data_samples'])
    features = torch.cat(features)
    sample_idx = torch.tensor(sample_idx, device=features.device)
    keep = first_holders(sample_idx, num_samples)
    features, sample_idx = features[keep], sample_idx[keep]
    check_finite(features, sample_idx)
    return sample_idx, features


def first_holders(sample_idx: Tensor, num_samples: int) -> Tensor:
    """Which of this rank's samples it keeps, so that each is kept once.

    Args:
        sample_idx: (n,) long, of this rank; ranks may share indices.
        num_samples: N.

    Returns:
        (n,) bool.

    Raises:
        ValueError: If indices lie outside [0, N), or no rank holds one.
    """
    holder = holding_ranks(sample_idx, num_samples)
    outside = int(((sample_idx < 0) | (sample_idx >= num_samples)).sum())
    missing = len(unheld(holder))
    if outside or missing:
        raise ValueError(
            f'the sample indices of the data do not count its {num_samples} '
            f'samples: {outside} lie outside, {missing} are missing. Every '
            'sample needs an index of its own, which a concatenation of data '
            'sets does not give'
        )
    return first_rows(sample_idx, holder)


class NonFiniteFeaturesError(ValueError):
    """Features are NaN or infinite; ``sample_idx`` lists the samples."""

    def __init__(self, sample_idx: list[int], num_samples: int) -> None:
        self.sample_idx = sample_idx
        super().__init__(
            f'the features of {num_samples} samples are NaN or infinite, '
            f'among them those of the sample indices {sample_idx}'
        )


def check_finite(features: Tensor, sample_idx: Tensor) -> None:
    """Raise on all ranks if a feature of any rank is not finite."""
    bad = sample_idx[~torch.isfinite(features.sum(1))]
    bad_of_rank = [bad.tolist()]
    _, world_size = rank_and_world_size()
    if world_size > 1:
        bad_of_rank = [None] * world_size
        dist.all_gather_object(bad_of_rank, bad.tolist())
    every = sorted(idx for of_rank in bad_of_rank for idx in of_rank)
    if every:
        raise NonFiniteFeaturesError(every[:5], len(every))
