"""Run a function in several gloo processes, and ports for other processes."""

import itertools
import multiprocessing
import os
import socket
import tempfile
from datetime import timedelta

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

import tests.quick_stack  # noqa: F401

# Seconds after which a process of a test is taken to hang. Far above what
# any test needs, since a busy machine can be many times slower.
HANGS_AFTER = 1200

# Below the ports that the system hands out for connections (from 32768 on
# Linux), so that nobody takes one between its choice and its use. Processes
# that run tests side by side choose from different ports.
_NUM_PORTS = 50
_FIRST_PORT = 12000 + os.getpid() % 400 * _NUM_PORTS
_ports = itertools.cycle(range(_FIRST_PORT, _FIRST_PORT + _NUM_PORTS))


# Processes are forked from one that has imported these, in a moment instead
# of the seconds that the imports take. What it cannot import it leaves out.
# Nothing of hirl_mm is among them: what it registers, and when, is tested.
multiprocessing.set_forkserver_preload(
    [
        *('torch.distributed', 'mmengine.runner', 'mmpretrain.models'),
        # The fork's data sets print a line when they are imported.
        *('mmpretrain.datasets', 'mmpretrain.engine'),
        'mmpretrain.visualization',
        *('setuptools', 'pkg_resources'),
        *('mmdet.models', 'sklearn.linear_model', 'matplotlib.pyplot'),
    ]
)


def run_processes(function, world_size, *args):
    """Call ``function(rank, *args)`` in processes of one gloo group.

    They find each other by a file, so no port can be taken.
    """
    with tempfile.TemporaryDirectory() as folder:
        mp.start_processes(
            in_group,
            (function, world_size, f'file://{folder}/store', args),
            world_size,
            True,
            start_method='forkserver',
        )


def free_port():
    """A port that no process listens on and that was not given before."""
    for port in itertools.islice(_ports, _NUM_PORTS):
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port
    raise RuntimeError(f'no free port from {_FIRST_PORT} on')


def in_group(rank, function, world_size, meeting_point, args):
    """Call ``function(rank, *args)`` as one process of a group.

    Args:
        rank: Rank of this process.
        function: The function.
        world_size: Number of processes.
        meeting_point: Where they find each other, ``'file://PATH'``.
        args: Further arguments of the function.
    """
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size)
    )
    dist.init_process_group(
        'gloo',
        init_method=meeting_point,
        rank=rank,
        world_size=world_size,
        timeout=timedelta(seconds=HANGS_AFTER),
    )
    # A process that has nothing to do would be gone before others have
    # connected to it, and they would fail.
    dist.barrier()
    try:
        function(rank, *args)
    finally:
        dist.destroy_process_group()
