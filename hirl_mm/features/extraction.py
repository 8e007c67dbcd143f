from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from hirl_mm.ranks import gather_objects

from .finite import check_finite
from .shard import first_holders


@torch.no_grad()
def extract_features(
    fn: Callable[[dict], Tensor], loader: Iterable[dict], num_samples: int
) -> tuple[Tensor, Tensor]:
    """Extract the features of the samples that this rank's loader yields.

    Samplers repeat samples so that all ranks get the same number; only one
    row of every sample is kept. The released code instead sums the rows of a
    repeated sample, and halves rows that are too long.

    Args:
        fn: Function that returns the features (B, D) of a batch.
        loader: Loader of batches, dictionaries in which the entries of
            ``data_samples`` have an attribute ``sample_idx``. An entry
            ``unreadable`` lists the indices of samples that could not be
            read; a batch without any sample is skipped.
        num_samples: Number of samples N over all ranks.

    Returns:
        Sample indices (n,) long and features (n, D) float32, on the device of
        the features. Over all ranks every index in [0, N) occurs exactly
        once, but for those of unreadable samples.

    Raises:
        ValueError: If samples are missing, the index of a sample lies
            outside [0, N), or a rank could read no sample; the same on all
            ranks.
        NonFiniteFeaturesError: If a feature is NaN or infinite.
    """
    parts: list[Tensor] = []
    numbers: list[int] = []
    unreadable: list[int] = []
    for batch in loader:
        unreadable += batch.pop('unreadable', ())
        if not batch['data_samples']:
            continue
        parts.append(fn(batch).float())
        numbers.extend(s.sample_idx for s in batch['data_samples'])
    counts = gather_objects((len(numbers), len(unreadable)))
    for rank, (num_read, num_unreadable) in enumerate(counts):
        if not num_read:
            raise ValueError(
                f'rank {rank} could read none of its {num_unreadable} samples:'
                ' look at the data folder on the machine of that rank'
            )
    features = torch.cat(parts)
    sample_idx = torch.tensor(numbers, device=features.device)
    del parts, numbers  # before the features are copied again
    keep = first_holders(sample_idx, num_samples, unreadable)
    features, sample_idx = features[keep], sample_idx[keep]
    check_finite(features, sample_idx, over_ranks=True)
    return sample_idx, features
