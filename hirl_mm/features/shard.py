"""The rows of a set that is spread over the ranks."""

import torch
import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import rank_and_world_size


class Shard:
    """The rows that this process holds of a set of N rows.

    With ``sample_idx`` the set is spread over all ranks of the default
    process group, and the constructor and every method are collective calls.
    Without it the process holds the whole set and nothing is communicated,
    whether or not a process group exists.

    Args:
        features: (n, D), the rows of this rank.
        sample_idx: (n,) long, their indices in the whole set; over all ranks
            every index from 0 to N - 1 must occur once.

    Attributes:
        total: N, the number of rows over all ranks.
        is_spread: Whether the other ranks hold rows, too.
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
        """Sum a tensor over the ranks, in place."""
        if self.is_spread:
            dist.all_reduce(tensor)
        return tensor

    def total_of(self, values: Tensor) -> float:
        """Sum one value per row, (n,), over the whole set."""
        return float(self.sum(values.double().sum()))

    def rows(self, sample_idx: Tensor) -> Tensor:
        """Give every rank the rows (K, D) of K indices in the whole set."""
        position = self._position()[sample_idx]
        here = position >= 0
        rows = self.features.new_zeros(len(sample_idx), self.features.size(1))
        rows[here] = self.features[position[here]]
        return self.sum(rows)

    def gather(self, values: Tensor) -> Tensor:
        """Collect one value per row, (n,), to those of the whole set, (N,)."""
        whole = values.new_zeros(self.total)
        whole[self.sample_idx] = values
        return self.sum(whole)

    def _position(self) -> Tensor:
        """(N,) the position of every index in this shard, -1 elsewhere."""
        position = self.sample_idx.new_full((self.total,), -1)
        position[self.sample_idx] = torch.arange(
            len(self.sample_idx), device=position.device
        )
        return position


def share_of_this_rank(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Select the rows that this rank works on, of rows that every rank holds.

    Args:
        rows: (n, ...), the same on all ranks.

    Returns:
        Every ``world_size``-th row from the rank's own number on, (n', ...),
        and the indices of these rows, (n',) long.
    """
    rank, world_size = rank_and_world_size()
    idx = torch.arange(rank, len(rows), world_size, device=rows.device)
    return rows[idx], idx


def holding_ranks(sample_idx: Tensor, num_samples: int) -> Tensor:
    """Find the lowest rank that holds each sample.

    All ranks call this together; N numbers are communicated.

    Args:
        sample_idx: (n,) long, of this rank; ranks may share indices. Indices
            outside [0, N) are ignored.
        num_samples: Number of samples N.

    Returns:
        (N,) long, equal on all ranks; the number of ranks where none of them
        holds the sample.
    """
    rank, world_size = rank_and_world_size()
    inside = (sample_idx >= 0) & (sample_idx < num_samples)
    holder = sample_idx.new_full((num_samples + 1,), world_size)
    holder[torch.where(inside, sample_idx, num_samples)] = rank
    holder = holder[:num_samples]
    if world_size > 1:
        dist.all_reduce(holder, dist.ReduceOp.MIN)
    return holder


def missing_samples(holder: Tensor) -> Tensor:
    """List the samples that no rank holds.

    Args:
        holder: (N,) long, the result of :func:`holding_ranks`.

    Returns:
        (m,) long, sample indices in ascending order.
    """
    _, world_size = rank_and_world_size()
    return (holder == world_size).nonzero().flatten()


def first_rows(sample_idx: Tensor, holder: Tensor) -> Tensor:
    """Mark the rows that this rank keeps: the first of each sample it holds.

    Args:
        sample_idx: (n,) long, of this rank, all in [0, N).
        holder: (N,) long, the result of :func:`holding_ranks`.

    Returns:
        (n,) bool. Over all ranks one row is kept of every sample.
    """
    rank, _ = rank_and_world_size()
    position = torch.arange(len(sample_idx), device=sample_idx.device)
    first = torch.full_like(holder, len(sample_idx))
    first.scatter_reduce_(0, sample_idx, position, 'amin')
    return (holder[sample_idx] == rank) & (first[sample_idx] == position)


def first_holders(sample_idx: Tensor, num_samples: int) -> Tensor:
    """Mark the rows that this rank keeps, so that every sample is kept once.

    All ranks call this together.

    Args:
        sample_idx: (n,) long, of this rank; ranks may share indices.
        num_samples: Number of samples N.

    Returns:
        (n,) bool.

    Raises:
        ValueError: If an index lies outside [0, N), or a sample is missing.
    """
    holder = holding_ranks(sample_idx, num_samples)
    outside = int(((sample_idx < 0) | (sample_idx >= num_samples)).sum())
    missing = len(missing_samples(holder))
    if outside or missing:
        raise ValueError(
            f'the sample indices of the data do not count its {num_samples} '
            f'samples: {outside} lie outside, {missing} are missing. Every '
            'sample needs an index of its own, which a concatenation of data '
            'sets does not give'
        )
    return first_rows(sample_idx, holder)
