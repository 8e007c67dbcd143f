"""Rank of this process, and gathering from all ranks."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def rank_and_world_size() -> tuple[int, int]:
    """Return rank and world size, (0, 1) without a process group."""
    if dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def gather_tensors(tensor: Tensor) -> list[Tensor]:
    """Return the tensors of all ranks, in the order of the ranks.

    Args:
        tensor: Tensor of this rank, of the same shape on all ranks. With
            several ranks no gradient flows back to it.
    """
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return [tensor]
    gathered = [torch.empty_like(tensor) for _ in range(world_size)]
    dist.all_gather(gathered, tensor)
    return gathered


def gather_objects(value: Any) -> list[Any]:
    """Return the values of all ranks, in the order of the ranks.

    Args:
        value: Value of this rank; it must be picklable.
    """
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return [value]
    gathered = [None] * world_size
    dist.all_gather_object(gathered, value)
    return gathered


def gather_to_first(value: Any) -> list[Any] | None:
    """Return the values of all ranks on rank 0, and None on the others.

    Args:
        value: Value of this rank; it must be picklable.
    """
    rank, world_size = rank_and_world_size()
    if world_size == 1:
        return [value]
    gathered = [None] * world_size if rank == 0 else None
    dist.gather_object(value, gathered)
    return gathered
