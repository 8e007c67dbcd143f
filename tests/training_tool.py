"""tools/train.py, and commands as users start them."""

import os
import subprocess
import sys

from tests.processes import HANGS_AFTER, free_port
from tests.runs import ROOT
from tests.tool_process import run_tool


def start(*command, cwd=ROOT):
    """Run a command in a fresh process, with a port for its launcher."""
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ
        | dict(
            OMP_NUM_THREADS='1',
            PYTHON=sys.executable,
            PORT=str(free_port()),
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS_AFTER,
    )


def train(config, work_dir, *options):
    """Train with tools/train.py and return what it wrote."""
    run = run_tool('train', config, '--work-dir', work_dir, *options)
    assert run.returncode == 0, run.stdout[-3000:]
    return run.stdout
