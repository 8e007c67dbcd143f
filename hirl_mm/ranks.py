"""This process among those of a distributed run."""

import torch.distributed as dist


def rank_and_world_size() -> tuple[int, int]:
    """Of the default process group; (0, 1) where there is none."""
    if dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1
