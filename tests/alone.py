"""Run Python code in a process that has no OpenMMLab package."""

import os
import subprocess
import sys
from pathlib import Path

from tests.processes import HANGS_AFTER

REPOSITORY = Path(__file__).parents[1]
# What the core does without: OpenMMLab, and what only it or extras need.
ABSENT = (
    *('mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg'),
    *('cv2', 'faiss', 'matplotlib'),
)
_HIDE = f"""\
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {ABSENT}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)


sys.meta_path.insert(0, Absent())
"""


def run_alone(code, *arguments):
    """Run code without :data:`ABSENT` and return its output.

    Args:
        code: Python source.
        *arguments: ``sys.argv`` from 1 on.
    """
    result = subprocess.run(
        [sys.executable, '-c', _HIDE + code, *arguments],
        cwd=REPOSITORY,
        env=os.environ | {'PYTHONPATH': str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
