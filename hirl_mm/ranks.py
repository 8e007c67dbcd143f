"""This process among those of a distributed run."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def rank_and_world_size() -> tuple[int, int]:
    """Rank and size of the default process group; (0, 1) without one."""
    if dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def gather_tensors(tensor: Tensor) -> list[Tensor]:
    """The tensors of all ranks, of one shape, without their graph."""
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return [tensor]
    gathered = [torch.empty_like(tensor) for _ in range(world_size)]
    dist.all_gather(gathered, tensor)
    return gathered


def gather_objects(value: Any) -> list[Any]:
    """The values of all ranks, in the order of the ranks."""
    _, world_size = rank_and_world_size()
    if world_size == 1:
        return [value]
    gathered = [None] * world_size
    dist.all_gather_object(gathered, value)
    return gathered
