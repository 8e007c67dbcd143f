"""The rows of a set that is spread over the ranks."""

import torch
import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import rank_and_world_size


class Shard:
    """The rows that this process holds of a set of N rows.

    With ``sample_idx`` the set is spread over all ranks of the default
    process group, and the constructor and every method are collective calls.
    Without it the process holds the whole set and nothing
    is communicated, whether or not a process group exists.

    Args:
        features: (n, D), the rows of this rank.
        sample_idx: (n,) long, their indices in the whole set; over all ranks
            every index from 0 to N - 1 must occur once.
    """

    def __init__(self, features: Tensor, sample_idx: Tensor | None) -> None:
        self.features = features
        self._spread = sample_idx is not None and dist.is_initialized()
        count = torch.tensor(len(features), device=features.device)
        self.total = int(self.sum(count))
        if sample_idx is None:
            sample_idx = torch.arange(self.total, device=features.device)
        self.sample_idx = sample_idx.to(features.device)

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum ``tensor`` over the ranks, in place."""
        if self._spread:
            dist.all_reduce(tensor)
        return tensor

    def total_of(self, values: Tensor) -> float:
        """The sum of a value of every row (n,) over the whole set."""
        return float(self.sum(values.double().sum()))

    def rows(self, sample_idx: Tensor) -> Tensor:
        """The rows of the set at (K,) indices, on every rank: (K, D)."""
        position = self._position()[sample_idx]
        here = position >= 0
        rows = self.features.new_zeros(len(sample_idx), self.features.size(1))
        rows[here] = self.features[position[here]]
        return self.sum(rows)

    def gather(self, values: Tensor) -> Tensor:
        """A value of every row of this rank (n,) to those of the set (N,)."""
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
    """Of (n, D) rows that every rank holds, those this rank works on.

    Returns:
        The rows (n', D) and their indices (n',).
    """
    rank, world_size = rank_and_world_size()
    idx = torch.arange(rank, len(rows), world_size, device=rows.device)
    return rows[idx], idx
