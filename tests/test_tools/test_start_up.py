"""Asking for help is quick: what takes seconds to import waits."""

import subprocess
import sys

import pytest

from tests.processes import HANGS_AFTER
from tests.runs import ROOT


def loaded_by(code, *arguments):
    """Top-level packages that some code has imported when it ends."""
    code = (
        'import atexit, sys\n'
        "atexit.register(lambda: print('LOADED', *sys.modules))\n" + code
    )
    result = subprocess.run(
        [sys.executable, '-c', code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.rpartition('LOADED')[2].split())


def test_the_package_alone_imports_nothing_heavy():
    loaded = loaded_by('import hirl_mm; hirl_mm.__version__')
    assert not loaded & {'torch', 'numpy', 'mmengine', 'hirl_mm.registry'}


@pytest.mark.parametrize('tool', ['analyze_levels', 'study'])
def test_help_waits_for_nothing(tool):
    code = (
        f"import runpy\nrunpy.run_path('tools/{tool}.py', run_name='__main__')"
    )
    loaded = loaded_by(code, '--help')
    assert not loaded & {'torch', 'numpy', 'mmengine'}


@pytest.mark.parametrize('tool', ['train', 'test', 'compare_methods'])
def test_help_waits_for_neither_torch_nor_models(tool):
    run = (
        f"import runpy\nrunpy.run_path('tools/{tool}.py', run_name='__main__')"
    )
    loaded = loaded_by(run, '--help')
    assert 'mmengine.config' in loaded
    assert not loaded & {'torch', 'mmcv', 'mmpretrain', 'mmdet'}


@pytest.mark.parametrize('tool', ['train', 'test'])
def test_a_missing_mmengine_is_said_with_its_command(tool):
    code = (
        'import runpy, sys\n'
        "sys.modules['mmengine'] = None\n"
        "sys.argv = ['tool', 'config.py', 'checkpoint.pth']\n"
        f"runpy.run_path('tools/{tool}.py', run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert result.returncode == 1
    assert 'pip install "mmengine>=' in result.stderr
    assert 'Traceback' not in result.stderr
