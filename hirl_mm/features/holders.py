"""Which rank keeps which sample, when several hold the same."""

import torch
import torch.distributed as dist
from torch import Tensor

from hirl_mm.ranks import rank_and_world_size


def holding_ranks(sample_idx: Tensor, num_samples: int) -> Tensor:
    """The lowest rank that holds each sample.

    All ranks call it together; N numbers travel.

    Args:
        sample_idx: (n,) long, of this rank; ranks may share indices. Those
            outside [0, N) hold no sample.
        num_samples: N.

    Returns:
        (N,) long, equal on all ranks; the number of ranks where none holds
        the sample.
    """
    rank, world_size = rank_and_world_size()
    inside = (sample_idx >= 0) & (sample_idx < num_samples)
    holder = sample_idx.new_full((num_samples + 1,), world_size)
    holder[torch.where(inside, sample_idx, num_samples)] = rank
    holder = holder[:num_samples]
    if world_size > 1:
        dist.all_reduce(holder, dist.ReduceOp.MIN)
    return holder


def unheld(holder: Tensor) -> Tensor:
    """The samples that no rank holds, (m,) long in ascending order.

    Args:
        holder: (N,) long, of :func:`holding_ranks`.
    """
    _, world_size = rank_and_world_size()
    return (holder == world_size).nonzero().flatten()


def first_rows(sample_idx: Tensor, holder: Tensor) -> Tensor:
    """Which rows this rank keeps: the first of each sample that it holds.

    Args:
        sample_idx: (n,) long, of this rank, all in [0, N).
        holder: (N,) long, of :func:`holding_ranks`.

    Returns:
        (n,) bool. Over all ranks every sample that is held is kept once.
    """
    rank, _ = rank_and_world_size()
    position = torch.arange(len(sample_idx), device=sample_idx.device)
    first = torch.full_like(holder, len(sample_idx))
    first.scatter_reduce_(0, sample_idx, position, 'amin')
    return (holder[sample_idx] == rank) & (first[sample_idx] == position)
