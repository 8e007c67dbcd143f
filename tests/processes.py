"""Run a function in several gloo processes."""

import os
import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp


def run_processes(function, world_size, *args):
    """Call ``function(rank, *args)`` in processes of one gloo group."""
    mp.start_processes(
        _enter,
        (function, world_size, free_port(), args),
        world_size,
        True,
        start_method='spawn',
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def _enter(rank, function, world_size, port, args):
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(world_size),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(port),
    )
    dist.init_process_group('gloo')
    try:
        function(rank, *args)
    finally:
        dist.destroy_process_group()
