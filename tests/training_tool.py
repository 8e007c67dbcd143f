"""tools/train.py as its users start it, in a process."""

import os
import subprocess
import sys

from tests.processes import HANGS_AFTER, free_port
from tests.runs import ROOT


def start(*command):
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
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
    run = start(
        *(sys.executable, ROOT / 'tools/train.py', config),
        *('--work-dir', work_dir, *options),
    )
    assert run.returncode == 0, run.stdout[-3000:]
    return run.stdout
