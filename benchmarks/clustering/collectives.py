"""Time and traffic of code that several processes run together."""

import time
from collections.abc import Callable

import torch.distributed as dist
from torch import Tensor


def timed(task: Callable[[], object]) -> dict[str, float]:
    """Call a task after a barrier.

    Returns:
        ``wall``, seconds on the wall, and ``cpu``, seconds of CPU time of
        this process.
    """
    dist.barrier()
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return dict(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def bytes_reduced(task: Callable[[], object]) -> int:
    """Return the bytes of all tensors that a task passes to ``all_reduce``."""
    reduce, sizes = dist.all_reduce, []

    def counted(tensor: Tensor, *args, **kwargs):
        sizes.append(tensor.numel() * tensor.element_size())
        return reduce(tensor, *args, **kwargs)

    dist.all_reduce = counted
    try:
        task()
    finally:
        dist.all_reduce = reduce
    return sum(sizes)
