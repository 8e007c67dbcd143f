"""Wheels of this repository, built as pip does."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.runs import ROOT

SOURCES = [
    *('setup.py', 'pyproject.toml', 'MANIFEST.in', 'LICENSE', 'README.md'),
    *('CHANGELOG.md', 'hirl_mm', 'configs', 'tools', 'requirements'),
]


def copied_tree(tree: Path) -> Path:
    """Copy what a wheel is made of into a new folder, and return it."""
    tree.mkdir()
    ignore = shutil.ignore_patterns('__pycache__')
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy(source, tree)
    return tree


def built_wheel(tree: Path, hook: str = 'build_wheel') -> Path:
    """Call a hook of PEP 517 and return the file that it has built.

    Args:
        tree: A copy of the repository; the file lies beside it.
        hook: ``'build_wheel'``, ``'build_editable'`` or ``'build_sdist'``.
    """
    code = (
        'import sys; from setuptools import build_meta; '
        f'build_meta.{hook}(sys.argv[1])'
    )
    folder = tree.parent / hook
    folder.mkdir()
    subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, str(folder)],
        cwd=tree,
        check=True,
        capture_output=True,
    )
    (built,) = folder.iterdir()
    return built
