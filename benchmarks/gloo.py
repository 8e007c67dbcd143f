"""A gloo group of processes of one thread each."""

import os
import socket
import time
from collections.abc import Callable

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def run_group(function: Callable, world_size: int, *args) -> None:
    """Call ``function(rank, *args)`` in every process of a group."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    mp.start_processes(
        _enter,
        (function, world_size, port, args),
        world_size,
        start_method='spawn',
    )


def _enter(
    rank: int, function: Callable, world_size: int, port: int, args: tuple
) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    dist.init_process_group('gloo', rank=rank, world_size=world_size)
    try:
        function(rank, *args)
    finally:
        dist.destroy_process_group()


def timed(task: Callable) -> dict[str, float]:
    """Seconds on the wall and of this process's CPU, after a barrier."""
    dist.barrier()
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return dict(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def bytes_reduced(task: Callable) -> int:
    """Bytes of the tensors that ``task`` gives to ``dist.all_reduce``."""
    reduce, sizes = dist.all_reduce, []

    def counted(tensor, *args, **kwargs):
        sizes.append(tensor.numel() * tensor.element_size())
        return reduce(tensor, *args, **kwargs)

    dist.all_reduce = counted
    try:
        task()
    finally:
        dist.all_reduce = reduce
    return sum(sizes)
