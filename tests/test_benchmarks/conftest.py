import json
import os
import subprocess
import sys

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT

# For a process that hangs alone.


@pytest.fixture
def run_benchmark(tmp_path):
    """Runs a module with ``--quick`` as users do; gives tables and JSON."""

    def run(module, *args):
        out = tmp_path / 'result.json'
        done = subprocess.run(
            [
                *(sys.executable, '-m', f'benchmarks.{module}'),
                *('--quick', '--out', out, *map(str, args)),
            ],
            cwd=ROOT,
            env=os.environ | dict(CUDA_VISIBLE_DEVICES=''),
            capture_output=True,
            text=True,
            timeout=HANGS_AFTER,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        report = json.loads(out.read_text())
        assert {'commit', 'date', 'torch', 'cpu'} < set(report['machine'])
        return done.stdout, report

    return run
