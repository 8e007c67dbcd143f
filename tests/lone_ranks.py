"""Run a function on some ranks, of which none is ended for another's sake."""

import multiprocessing
import os
from pathlib import Path

import tests.quick_stack  # noqa: F401
from tests.processes import HANGS_AFTER, in_group


class Ended:
    """How the process of a rank has ended.

    Args:
        status: Exit status; minus the number of a signal that ended it.
        output: What it wrote.
    """

    def __init__(self, status, output):
        self.status = status
        self.output = output

    def __repr__(self):
        return f'status {self.status}\n{self.output}'


def run_ranks(function, world_size, folder, *args, stopped=()):
    """Call ``function(rank, *args)`` in processes of one gloo group.

    As where there is no launcher, a process that ends ends no others.

    Args:
        function: Function of a module.
        world_size: Number of processes.
        folder: Empty folder.
        *args: Further arguments of the function.
        stopped: Ranks that stop themselves; they are killed when all others
            have ended.

    Returns:
        An :class:`Ended` per rank.
    """
    folder = Path(folder)
    context = multiprocessing.get_context('forkserver')
    processes = [
        context.Process(
            target=_enter,
            args=(rank, function, world_size, str(folder), args),
        )
        for rank in range(world_size)
    ]
    for process in processes:
        process.start()
    try:
        for rank, process in enumerate(processes):
            if rank not in stopped:
                process.join(HANGS_AFTER)
                assert process.exitcode is not None, f'rank {rank} hangs'
    finally:
        for process in processes:
            process.kill()
            process.join()
    return [
        Ended(process.exitcode, (folder / f'{rank}.txt').read_text())
        for rank, process in enumerate(processes)
    ]


def _enter(rank, function, world_size, folder, args):
    output = os.open(f'{folder}/{rank}.txt', os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    in_group(rank, function, world_size, f'file://{folder}/store', args)
