"""Rows of a set that is distributed over the ranks."""

from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import rank_and_world_size


class Shard:
    """The part of a set of N rows that this process holds.

    With ``sample_idx`` the set is distributed over all ranks of the default
    process group, and the constructor and every method are collective calls.
    Without ``sample_idx`` this process holds the whole set, and nothing is
    communicated even if there is a process group.

    Args:
        features: (n, D), the rows of this rank.
        sample_idx: (n,) long, indices of these rows in the whole set. Over
            all ranks every index from 0 to N - 1 must occur exactly once.
            None if this process holds the whole set.

    Attributes:
        total: Number of rows N over all ranks.
        is_spread: Whether the set is distributed over ranks.
    """

    def __init__(self, features: Tensor, sample_idx: Tensor | None) -> None:
        self.features = features
        self.is_spread = sample_idx is not None and dist.is_initialized()
        count = torch.tensor(len(features), device=features.device)
        self.total = int(self.sum(count))
        if sample_idx is None:
            sample_idx = torch.arange(self.total, device=features.device)
        self.sample_idx = sample_idx.to(features.device)

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum a tensor over the ranks in place and return it."""
        if self.is_spread:
            dist.all_reduce(tensor)
        return tensor

    def total_of(self, values: Tensor) -> float:
        """Return the sum over the whole set of one value per row, (n,)."""
        return float(self.sum(values.double().sum()))

    def rows(self, sample_idx: Tensor) -> Tensor:
        """Return rows of the whole set to every rank.

        Args:
            sample_idx: (K,) long, indices in the whole set, the same on all
                ranks.

        Returns:
            (K, D), the rows.
        """
        position = self._position()[sample_idx]
        here = position >= 0
        rows = self.features.new_zeros(len(sample_idx), self.features.size(1))
        rows[here] = self.features[position[here]]
        return self.sum(rows)

    def gather(self, values: Tensor) -> Tensor:
        """Collect the values of every row from all ranks.

        Args:
            values: (n, ...), the values of every row of this rank.

        Returns:
            (N, ...), those of the whole set, in the order of the indices.
        """
        whole = values.new_zeros(self.total, *values.shape[1:])
        whole[self.sample_idx] = values
        return self.sum(whole)

    def _position(self) -> Tensor:
        """Return the position in this shard of every index, -1 if absent."""
        position = self.sample_idx.new_full((self.total,), -1)
        position[self.sample_idx] = torch.arange(
            len(self.sample_idx), device=position.device
        )
        return position


def share_of_this_rank(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Split rows that every rank holds and return the part of this rank.

    Args:
        rows: (n, ...), rows, the same on all ranks.

    Returns:
        Every ``world_size``-th row, starting at row ``rank``, (n', ...), and
        the indices of these rows, (n',) long.
    """
    rank, world_size = rank_and_world_size()
    idx = torch.arange(len(rows), device=rows.device)[rank::world_size]
    return rows[idx], idx


def holding_ranks(sample_idx: Tensor, num_samples: int) -> Tensor:
    """Return the lowest rank that holds each sample.

    A collective call, in which N numbers are communicated.

    Args:
        sample_idx: (n,) long, sample indices of this rank. Several ranks may
            have the same index. Indices outside [0, N) are ignored.
        num_samples: Number of samples N of the data set.

    Returns:
        (N,) long, the same on all ranks. For samples that no rank holds it
        is the number of ranks.
    """
    rank, world_size = rank_and_world_size()
    inside = (sample_idx >= 0) & (sample_idx < num_samples)
    holder = sample_idx.new_full((num_samples + 1,), world_size)
    holder[torch.where(inside, sample_idx, num_samples)] = rank
    holder = holder[:num_samples]
    if world_size > 1:
        dist.all_reduce(holder, dist.ReduceOp.MIN)
    return holder


def number_outside(sample_idx: Tensor, num_samples: int) -> int:
    """Return how many sample indices of all ranks lie outside [0, N).

    A collective call, so that all ranks can raise the same error.

    Args:
        sample_idx: (n,) long, sample indices of this rank.
        num_samples: Number of samples N of the data set.
    """
    outside = ((sample_idx < 0) | (sample_idx >= num_samples)).sum()
    if rank_and_world_size()[1] > 1:
        dist.all_reduce(outside)
    return int(outside)


def missing_samples(holder: Tensor) -> Tensor:
    """Return the samples that no rank holds.

    Args:
        holder: (N,) long, the result of :func:`holding_ranks`.

    Returns:
        (m,) long, sample indices in ascending order.
    """
    _, world_size = rank_and_world_size()
    return (holder == world_size).nonzero().flatten()


def absent_samples(sample_idx: Tensor, num_samples: int) -> Tensor:
    """Return the samples that no rank holds; cheap if there are none.

    A collective call, in which N numbers are communicated only if samples are
    absent.

    Args:
        sample_idx: (n,) long, sample indices of this rank. Over all ranks no
            index may occur twice.
        num_samples: Number of samples N of the data set.

    Returns:
        (m,) long, sample indices in ascending order, the same on all ranks.
    """
    held = sample_idx.new_tensor(len(sample_idx))
    if rank_and_world_size()[1] > 1:
        dist.all_reduce(held)
    if held == num_samples:
        return sample_idx.new_empty(0)
    return missing_samples(holding_ranks(sample_idx, num_samples))


def number_present(
    sample_idx: Tensor, num_samples: int
) -> tuple[Tensor, Tensor]:
    """Number the samples that some rank holds, so that there are no gaps.

    A collective call, see :func:`absent_samples`.

    Args:
        sample_idx: (n,) long, sample indices of this rank, all in [0, N).
            Over all ranks no index may occur twice.
        num_samples: Number of samples N of the data set.

    Returns:
        ``present``, (m,) long, the samples that some rank holds in ascending
        order, the same on all ranks; and (n,) long, the position in
        ``present`` of every sample of this rank.
    """
    held = sample_idx.new_ones(num_samples)
    held[absent_samples(sample_idx, num_samples)] = 0
    present = held.nonzero().flatten()
    return present, (held.cumsum(0) - 1)[sample_idx]


def first_rows(sample_idx: Tensor, holder: Tensor) -> Tensor:
    """Return which rows this rank keeps, so that no sample is kept twice.

    For every sample, the lowest rank that holds it keeps its first row.

    Args:
        sample_idx: (n,) long, sample indices of the rows of this rank, all
            in [0, N).
        holder: (N,) long, the result of :func:`holding_ranks`.

    Returns:
        (n,) bool, True for rows to keep.
    """
    rank, _ = rank_and_world_size()
    position = torch.arange(len(sample_idx), device=sample_idx.device)
    first = torch.full_like(holder, len(sample_idx))
    first.scatter_reduce_(0, sample_idx, position, 'amin')
    return (holder[sample_idx] == rank) & (first[sample_idx] == position)


def first_holders(
    sample_idx: Tensor, num_samples: int, unreadable: Sequence[int] = ()
) -> Tensor:
    """Return which rows this rank keeps, so that every sample is kept once.

    A collective call: all ranks must make it.

    Args:
        sample_idx: (n,) long, sample indices of the rows of this rank.
            Several ranks may have the same index.
        num_samples: Number of samples N of the data set.
        unreadable: Indices of the samples that this rank could not read;
            they may be missing.

    Returns:
        (n,) bool, True for rows to keep.

    Raises:
        ValueError: If an index lies outside [0, N), or a sample is missing;
            the same on all ranks.
    """
    holder = holding_ranks(sample_idx, num_samples)
    outside = number_outside(sample_idx, num_samples)
    missing = missing_samples(holder)
    if len(missing):
        known = holding_ranks(sample_idx.new_tensor(unreadable), num_samples)
        missing = missing[known[missing] == rank_and_world_size()[1]]
    if outside or len(missing):
        raise ValueError(
            'the sample indices of the data set must be the numbers from 0 to '
            f'{num_samples - 1}, but {outside} lie outside and {len(missing)} '
            'are missing. Every sample needs its own index'
        )
    return first_rows(sample_idx, holder)
