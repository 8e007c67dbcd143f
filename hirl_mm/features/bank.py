import torch
from torch import Tensor

from .finite import check_finite
from .shard import (
    first_rows,
    holding_ranks,
    missing_samples,
    number_outside,
)


class FeatureBank:
    """Store of the features that training computes during an epoch.

    It replaces a feature pass over the data set, as in DeepCluster-v2. Each
    rank stores the features of the samples that it trained on, so that no
    process holds those of all N samples. The first :meth:`add` allocates the
    memory; adding features does not synchronise with the GPU.

    A sample can occur twice in an epoch, since samplers repeat samples to
    give all ranks the same number. Then the latest row of the lowest rank
    that has the sample is used.

    Args:
        capacity: Largest number of rows that this rank adds in an epoch.

    Raises:
        ValueError: If the capacity is below 1.

    Example:
        >>> bank = FeatureBank(capacity=4)
        >>> bank.add(torch.tensor([2, 0]), torch.ones(2, 8))
        >>> bank.add(torch.tensor([2]), torch.zeros(1, 8))
        >>> sample_idx, features = bank.kept(num_samples=4)
        >>> sample_idx, features.shape
        (tensor([0, 2]), torch.Size([2, 8]))
        >>> bank.missing(num_samples=4)
        tensor([1, 3])
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(
                'capacity must be the number of rows that this rank adds in '
                f'an epoch, at least 1, got {capacity}'
            )
        self.capacity = capacity
        self._count = 0
        self._sample_idx: Tensor | None = None
        self._features: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of rows added since the last :meth:`clear`."""
        return self._count

    def add(self, sample_idx: Tensor, features: Tensor) -> None:
        """Copy detached features into the bank, as float32.

        Args:
            sample_idx: (B,) long, sample indices of the rows.
            features: (B, D) floating point, features of the samples. The
                first call sets the dimension D and the device of the bank.

        Raises:
            ValueError: If the shapes do not match, or the bank is full.
        """
        self._check_shapes(sample_idx, features)
        if self._features is None or self._sample_idx is None:
            self._features = features.new_empty(
                self.capacity, features.size(1), dtype=torch.float32
            )
            self._sample_idx = torch.empty(
                self.capacity, dtype=torch.long, device=features.device
            )
        stop = self._count + len(features)
        if stop > self.capacity:
            raise ValueError(
                f'a bank for {self.capacity} rows holds {self._count} and '
                f'was given {len(features)} more: call clear() before every '
                'epoch, and set capacity to the number of rows that this rank '
                'sees in an epoch, repeated samples included'
            )
        rows = slice(self._count, stop)
        self._features[rows].copy_(features.detach(), non_blocking=True)
        self._sample_idx[rows].copy_(sample_idx, non_blocking=True)
        self._count = stop

    def clear(self) -> None:
        """Remove all rows, but keep the memory allocated."""
        self._count = 0

    def truncate(self, num_rows: int) -> None:
        """Remove the rows that were added after the first ``num_rows``."""
        self._count = min(self._count, num_rows)

    def rows(self) -> tuple[Tensor, Tensor]:
        """Return the rows that this rank added, in the order of adding.

        Returns:
            Sample indices (n,) long and features (n, D) float32. Both are
            views of the memory of the bank, which the next epoch overwrites.

        Raises:
            ValueError: If no features were added yet.
        """
        if self._features is None or self._sample_idx is None:
            raise ValueError(
                'the bank has no features: give it to the model with '
                'set_bank() and train an epoch'
            )
        return (
            self._sample_idx[: self._count],
            self._features[: self._count],
        )

    def kept(self, num_samples: int) -> tuple[Tensor, Tensor]:
        """Return the rows of this rank without duplicates over all ranks.

        A collective call: all ranks must make it. Rows are copied only if
        there are duplicates to remove.

        Args:
            num_samples: Number of samples N of the data set.

        Returns:
            Sample indices (n,) long and features (n, D) float32, see
            :meth:`rows`.

        Raises:
            ValueError: If no features were added yet, a sample index lies
                outside [0, N), or a feature is NaN or infinite.
        """
        sample_idx, features = self.rows()
        holder = holding_ranks(sample_idx, num_samples)
        outside = number_outside(sample_idx, num_samples)
        if outside:
            raise ValueError(
                f'{outside} of the sample indices in the bank lie outside '
                f'[0, {num_samples}): it was filled from another data set'
            )
        # The first row in reversed order is the latest.
        keep = first_rows(sample_idx.flip(0), holder).flip(0)
        if not keep.all():
            sample_idx, features = sample_idx[keep], features[keep]
        check_finite(features, sample_idx, over_ranks=True)
        return sample_idx, features

    def missing(self, num_samples: int) -> Tensor:
        """Return the samples that no rank added, such as a dropped batch.

        A collective call: all ranks must make it.

        Args:
            num_samples: Number of samples N of the data set.

        Returns:
            (m,) long, ascending sample indices, the same on all ranks.

        Raises:
            ValueError: If no features were added yet.
        """
        sample_idx, _ = self.rows()
        return missing_samples(holding_ranks(sample_idx, num_samples))

    def _check_shapes(self, sample_idx: Tensor, features: Tensor) -> None:
        rows = features if self._features is None else self._features
        expected = (*sample_idx.shape, *rows.shape[1:])
        if features.ndim != 2 or features.shape != expected:
            raise ValueError(
                'the bank takes sample indices (B,) and features (B, D), with '
                'the same D in every call, got shapes '
                f'{tuple(sample_idx.shape)} and {tuple(features.shape)}, '
                f'expected {expected} for the features'
            )
