from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from .finite import check_finite
from .shard import first_holders


@torch.no_grad()
def extract_features(
    fn: Callable[[dict], Tensor], loader: Iterable[dict], num_samples: int
) -> tuple[Tensor, Tensor]:
    """Extract the features of the samples that this rank's loader yields.

    Samplers pad the last round so that all ranks get equally many samples;
    of a sample that several ranks hold, or one holds twice, one row is kept.
    The released code sums the padded rows and halves those that come out too
    long.

    Args:
        fn: Function from a batch of the loader to features (B, D).
        loader: Yields batches with ``data_samples`` that carry their
            ``sample_idx``.
        num_samples: Number of samples N over all ranks.

    Returns:
        Sample indices (n,) long and features (n, D) float32, on the device of
        the features. Over all ranks every index below N occurs once.

    Raises:
        ValueError: If the loaders leave samples out, or a sample carries an
            index outside [0, N).
        NonFiniteFeaturesError: If a feature is NaN or infinite.
    """
    features, sample_idx = [], []
    for batch in loader:
        features.append(fn(batch).float())
        sample_idx.extend(s.sample_idx for s in batch['data_samples'])
    features = torch.cat(features)
    sample_idx = torch.tensor(sample_idx, device=features.device)
    keep = first_holders(sample_idx, num_samples)
    features, sample_idx = features[keep], sample_idx[keep]
    check_finite(features, sample_idx, over_ranks=True)
    return sample_idx, features
