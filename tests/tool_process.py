"""Run a tool or a benchmark in a process that starts in a moment.

A fresh Python spends seconds on imports of PyTorch and OpenMMLab, more than
most tests need for everything else. The processes of this module are forked
from one that has imported these, see :mod:`tests.processes`; they import
hirl_mm themselves. For a start as users make it, see
:func:`tests.training_tool.start`.
"""

import gc
import multiprocessing
import multiprocessing.connection
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import tests.quick_stack  # noqa: F401
from tests import warm_python
from tests.processes import HANGS_AFTER, free_port
from tests.runs import ROOT


def run_tool(name, *arguments):
    """Do what ``python tools/NAME.py ARGUMENTS`` does in the root folder.

    Returns:
        The finished process, as ``subprocess.run`` describes it; ``stdout``
        holds what was written to both stdout and stderr.
    """
    return _run(run_file, [ROOT / f'tools/{name}.py', *arguments])


def run_module(name, *arguments):
    """Do what ``python -m NAME ARGUMENTS`` does in the root folder.

    Returns:
        See :func:`run_tool`.
    """
    return _run(_run_module, [name, *arguments])


def launch_tool(num, name, *arguments):
    """Do what torchrun does with ``tools/NAME.py`` in some processes.

    For the launchers of the project themselves, see
    :func:`tests.training_tool.start`.

    Args:
        num: Number of processes.
        name: Name of the tool.
        *arguments: Its arguments, without ``--launcher``.

    Returns:
        See :func:`run_tool`; ``stdout`` holds what all processes wrote, one
        after another, and ``returncode`` is that of the first that failed.
    """
    words = [ROOT / f'tools/{name}.py', *arguments, '--launcher', 'pytorch']
    meeting_point = dict(
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(free_port()),
        WORLD_SIZE=str(num),
        LOCAL_WORLD_SIZE=str(num),
    )
    ranks = [
        meeting_point | dict(RANK=str(rank), LOCAL_RANK=str(rank))
        for rank in range(num)
    ]
    return _run(run_file, words, ranks)


def _run(function, words, environments=({},)):
    """Run a function in a process per environment, until one fails."""
    argv = [str(word) for word in words]
    context = multiprocessing.get_context('forkserver')
    with TemporaryDirectory() as folder:
        outputs = [Path(folder) / f'{i}' for i in range(len(environments))]
        processes = [
            context.Process(
                target=_enter, args=(function, argv, os.environ | env, output)
            )
            for env, output in zip(environments, outputs, strict=True)
        ]
        for process in processes:
            process.start()
        try:
            status = _wait_for(processes)
        finally:
            for process in processes:
                process.kill()
                process.join()
        if status is None:
            raise subprocess.TimeoutExpired(argv, HANGS_AFTER)
        return subprocess.CompletedProcess(
            argv, status, ''.join(output.read_text() for output in outputs)
        )


def _wait_for(processes):
    """Exit status: 0, the first other one, or None after too long."""
    deadline = time.monotonic() + HANGS_AFTER
    running = {process.sentinel: process for process in processes}
    while running:
        left = deadline - time.monotonic()
        ended = multiprocessing.connection.wait(running, max(left, 0))
        if not ended:
            return None
        for sentinel in ended:
            process = running.pop(sentinel)
            process.join()
            if process.exitcode:
                return process.exitcode
    return 0


def _enter(function, argv, env, output):
    gc.freeze()  # MMEngine collects often; what is there stays.
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    with output.open('wb') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.executable = env.get(warm_python.VARIABLE, sys.executable)
    sys.argv = argv
    function(argv[0])


def run_file(path):
    sys.path.insert(0, str(Path(path).parent))
    runpy.run_path(path, run_name='__main__')


def _run_module(name):
    runpy.run_module(name, run_name='__main__', alter_sys=True)
