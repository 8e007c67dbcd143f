"""Versions, devices, what is missing: ``python -m hirl_mm.env``.

The report belongs into every issue. The exit status is 1 if a package that
everything needs is missing or does not fit the others.
"""

import argparse
import importlib.util
import os
import platform
import sys
from collections.abc import Callable

from .stack import (
    StackError,
    check_private_names,
    check_stack,
    require_detection,
    require_faiss,
    require_segmentation,
)
from .version import __version__, source_commit

_PACKAGES = (
    *('torch', 'torchvision', 'numpy', 'scipy', 'sklearn'),
    *('mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg'),
    *('faiss', 'triton', 'timm', 'transformers', 'safetensors'),
)
# What parts of the package need, beside what all of it needs.
_PARTS: dict[str, Callable] = {
    'detection': require_detection,
    'segmentation': require_segmentation,
    "clustering with backend='faiss'": require_faiss,
    'private names of the packages': check_private_names,
}


def report() -> tuple[str, bool]:
    """Describe this environment.

    Returns:
        The report in Markdown, and whether everything that is needed fits.
    """
    commit = source_commit()
    rows = [
        ('hirl_mm', __version__ + (f' ({commit})' if commit else '')),
        ('Python', platform.python_version()),
        ('system', platform.platform()),
        ('machine', _machine()),
        *((name, _version(name)) for name in _PACKAGES),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f'{name:{width}}  {value}' for name, value in rows]
    problem = _error_of(check_stack)
    text = problem or 'everything that is needed is here'
    lines += ['', f'pre-training, evaluation, folders: {text}']
    for part, require in _PARTS.items():
        lines.append(f'{part}: {_error_of(require) or "can be used"}')
    return '\n'.join(lines), problem is None


def _version(name: str) -> str:
    if importlib.util.find_spec(name) is None:
        return 'not installed'
    try:
        module = importlib.import_module(name)
    except Exception as error:
        # Packages that do not fit each other fail in many ways.
        return f'cannot be imported: {_one_line(error)}'
    return str(getattr(module, '__version__', 'of unknown version'))


def _machine() -> str:
    if importlib.util.find_spec('torch') is None:
        return f'{os.cpu_count()} CPU cores, GPUs unknown without PyTorch'
    from .machine import this_machine

    return str(this_machine())


def _error_of(check: Callable) -> str | None:
    try:
        check()
    except StackError as error:
        return _one_line(error)
    except ImportError as error:
        return f'cannot be imported: {_one_line(error)}'
    return None


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())


def main() -> None:
    """Print the report."""
    argparse.ArgumentParser(
        prog='python -m hirl_mm.env', description=__doc__
    ).parse_args()
    text, fits = report()
    sys.stdout.write(f'{text}\n')
    sys.exit(0 if fits else 1)


if __name__ == '__main__':
    main()
