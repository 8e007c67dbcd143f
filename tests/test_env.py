"""What the package tells of itself, in real processes."""

import re
import subprocess
import sys

import pytest

from hirl_mm import __version__
from tests.runs import ROOT


def report(*options, module='hirl_mm.env'):
    return subprocess.run(
        [sys.executable, *options, '-W', 'ignore', '-m', module],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_of_this_environment():
    import mmpretrain
    import torch

    done = report()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    values = dict(re.split(r'\s{2,}', line, maxsplit=1) for line in lines[:19])
    assert values['hirl_mm'].split()[0] == __version__
    assert values['torch'] == torch.__version__
    assert values['mmpretrain'] == mmpretrain.__version__
    assert 'CPU cores' in values['machine']
    assert lines[20] == (
        'pre-training, evaluation, folders: everything that is needed is here'
    )
    assert lines[21].startswith('detection: ')


def test_without_any_package():
    # The standard library alone.
    done = report('-S')
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert 'torch         not installed' in lines
    assert lines[3].endswith('GPUs unknown without PyTorch')
    assert lines[20] == (
        'pre-training, evaluation, folders: torch is needed, but not '
        'installed. Install it with: pip install torch torchvision'
    )
    assert 'pip install faiss-cpu' in lines[23]


def test_the_package_lists_its_tools():
    done = report('-S', module='hirl_mm')
    assert done.returncode == 0, done.stderr
    listed = dict(
        re.split(r'\s{2,}', line.strip(), maxsplit=1)
        for line in done.stdout.splitlines()
        if line.startswith('  ')
    )
    assert set(listed) == {file.stem for file in ROOT.glob('tools/*.py')}
    assert all(text.endswith(('.', ':')) for text in listed.values())
    assert 'python tools/NAME.py --help' in done.stdout
