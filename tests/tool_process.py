"""Run a tool or a benchmark in a process that starts in a moment.

A fresh Python spends seconds on imports of PyTorch and OpenMMLab, more than
most tests need for everything else. The processes of this module are forked
from one that has imported these, see :mod:`tests.processes`; they import
hirl_mm themselves. For a start as users make it, see
:func:`tests.training_tool.start`.
"""

import gc
import multiprocessing
import os
import runpy
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import tests.quick_stack  # noqa: F401
from tests.processes import HANGS_AFTER
from tests.runs import ROOT


def run_tool(name, *arguments):
    """Do what ``python tools/NAME.py ARGUMENTS`` does in the root folder.

    Returns:
        The finished process, as ``subprocess.run`` describes it; ``stdout``
        holds what was written to both stdout and stderr.
    """
    return _run(_run_file, [ROOT / f'tools/{name}.py', *arguments])


def run_module(name, *arguments):
    """Do what ``python -m NAME ARGUMENTS`` does in the root folder.

    Returns:
        See :func:`run_tool`.
    """
    return _run(_run_module, [name, *arguments])


def _run(function, words):
    argv = [str(word) for word in words]
    context = multiprocessing.get_context('forkserver')
    with TemporaryDirectory() as folder:
        output = Path(folder) / 'output'
        process = context.Process(
            target=_enter, args=(function, argv, dict(os.environ), output)
        )
        process.start()
        process.join(HANGS_AFTER)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(argv, HANGS_AFTER)
        return subprocess.CompletedProcess(
            argv, process.exitcode, output.read_text()
        )


def _enter(function, argv, env, output):
    gc.freeze()  # MMEngine collects often; what is there stays.
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    with output.open('wb') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = argv
    function(argv[0])


def _run_file(path):
    sys.path.insert(0, str(Path(path).parent))
    runpy.run_path(path, run_name='__main__')


def _run_module(name):
    runpy.run_module(name, run_name='__main__', alter_sys=True)
