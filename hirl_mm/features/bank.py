import torch
from torch import Tensor

from .finite import check_finite
from .shard import first_rows, holding_ranks, missing_samples


class FeatureBank:
    """Features of one epoch, stored as training computes them.

    Takes the place of a pass over the data, as in DeepCluster-v2. Each rank
    has the rows of the samples that it trained on, so that no memory holds
    all N samples. They are written into tensors made by the first
    :meth:`add`; a step waits for nothing.

    A sample can come twice in an epoch, since samplers pad the last round;
    then the latest row of the lowest rank that has one counts.

    Args:
        capacity: Largest number of rows that this rank adds in an epoch.

    Raises:
        ValueError: If there is no room for a row.

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
        """Number of rows that were added since the last :meth:`clear`."""
        return self._count

    def add(self, sample_idx: Tensor, features: Tensor) -> None:
        """Copy rows into the bank, without their graph and in float32.

        Args:
            sample_idx: (B,) long.
            features: (B, D) floating point. The first ones choose D and the
                device of the bank.

        Raises:
            ValueError: If the shapes do not fit, or the bank is full.
        """
        self._check_shapes(sample_idx, features)
        if self._features is None:
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
                'epoch, and let capacity be the rows that this rank sees in '
                'an epoch, those that pad it included'
            )
        rows = slice(self._count, stop)
        self._features[rows].copy_(features.detach(), non_blocking=True)
        self._sample_idx[rows].copy_(sample_idx, non_blocking=True)
        self._count = stop

    def clear(self) -> None:
        """Remove the rows; the memory stays allocated."""
        self._count = 0

    def rows(self) -> tuple[Tensor, Tensor]:
        """Return the rows that this rank added, in that order.

        Returns:
            Sample indices (n,) long and features (n, D) float32, views of
            the bank's memory: the next epoch overwrites them.

        Raises:
            ValueError: If nothing was ever added.
        """
        if self._features is None:
            raise ValueError(
                'the bank got no features: give it to the model with '
                'set_bank() and train an epoch'
            )
        return (
            self._sample_idx[: self._count],
            self._features[: self._count],
        )

    def kept(self, num_samples: int) -> tuple[Tensor, Tensor]:
        """Return this rank's rows, one row per sample over all ranks.

        All ranks call it together. Where all rows are kept, as without
        padding, they are not copied.

        Args:
            num_samples: Number of samples N.

        Returns:
            As :meth:`rows`.

        Raises:
            ValueError: If nothing was ever added, a sample index lies outside
                [0, N), or a feature is NaN or infinite.
        """
        sample_idx, features = self.rows()
        holder = holding_ranks(sample_idx, num_samples)
        outside = int(((sample_idx < 0) | (sample_idx >= num_samples)).sum())
        if outside:
            raise ValueError(
                f'{outside} of the sample indices in the bank lie outside '
                f'[0, {num_samples}): it was filled from other data'
            )
        # the first from behind is the latest
        keep = first_rows(sample_idx.flip(0), holder).flip(0)
        if not keep.all():
            sample_idx, features = sample_idx[keep], features[keep]
        check_finite(features, sample_idx, over_ranks=True)
        return sample_idx, features

    def missing(self, num_samples: int) -> Tensor:
        """List the samples that no rank added, such as of a dropped batch.

        All ranks call it together.

        Args:
            num_samples: Number of samples N.

        Returns:
            (m,) long, ascending and equal on all ranks.

        Raises:
            ValueError: If nothing was ever added.
        """
        sample_idx, _ = self.rows()
        return missing_samples(holding_ranks(sample_idx, num_samples))

    def _check_shapes(self, sample_idx: Tensor, features: Tensor) -> None:
        rows = features if self._features is None else self._features
        expected = (*sample_idx.shape, *rows.shape[1:])
        if features.ndim != 2 or features.shape != expected:
            raise ValueError(
                'the bank takes sample indices (B,) and features (B, D), of '
                'one D in all of an epoch, got shapes '
                f'{tuple(sample_idx.shape)} and {tuple(features.shape)}, '
                f'where {expected} was expected for the features'
            )
