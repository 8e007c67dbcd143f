import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT


def passed_when_interpreted(path: Path) -> int:
    """Run tests of kernels in Triton's interpreter; return how many passed.

    Triton reads the variable when it is imported: hence a process.
    """
    pytest.importorskip('triton')
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider'),
            path,
        ],
        cwd=ROOT,
        env=os.environ | dict(TRITON_INTERPRET='1', CUDA_VISIBLE_DEVICES=''),
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r'(\d+) passed', done.stdout)[1])
