"""Imports of required packages, with checks of their versions.

Versions are read from ``module.__version__``, not from the metadata of the
distributions: the maintained forks have the same import names, but other
distribution names.
"""

import functools
import importlib
import importlib.util
import runpy
from pathlib import Path
from types import ModuleType

from .errors import StackError
from .probes import check_hue, check_pkg_resources, check_transformers
from .ranges import SUPPORTED, accepted_mmcv, forked
from .remedies import compile_mmcv, install


@functools.cache
def check_stack() -> None:
    """Import torch and the OpenMMLab packages and check their versions.

    Further calls return at once.

    Raises:
        StackError: If a package is missing or does not fit the others. The
            message says what was found and which command fixes it.
    """
    _import('torch')
    mmengine = _import_fitting('mmengine')
    mmcv = _import('mmcv')
    mmpretrain = _import_fitting('mmpretrain')
    if importlib.util.find_spec('mmdet') is not None:
        _import_fitting('mmdet')
    check_pkg_resources(mmengine)
    check_hue(mmcv)
    check_transformers(mmpretrain)


def require_detection() -> ModuleType:
    """Return the module mmdet; check that mmcv has compiled ops.

    Raises:
        StackError: If mmdet or the ops are missing or cannot be imported.
    """
    return _import_on_ops('mmdet')


def require_segmentation() -> ModuleType:
    """Return the module mmseg; check that mmcv has compiled ops.

    Raises:
        StackError: If mmseg, the packages that its models import, or the ops
            are missing or cannot be imported.
    """
    mmseg = _import_on_ops('mmseg')
    for name in ('ftfy', 'regex'):
        _import(name)
    return mmseg


def require_faiss() -> ModuleType:
    """Return the module faiss.

    Raises:
        StackError: If faiss cannot be imported.
    """
    try:
        return importlib.import_module('faiss')
    except ImportError as error:
        raise StackError(
            "backend='faiss' was asked for, but faiss cannot be imported "
            f'({error}). Install it with: pip install faiss-cpu; or use '
            "backend='torch'"
        ) from error


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise StackError(
            f'{name} is needed, but not installed. Install it '
            f'with: {install(name, _has_fork())}'
        ) from error


def _import_fitting(name: str) -> ModuleType:
    """Check the versions of a package and of mmcv, then import the package.

    The packages check mmcv themselves during import, but their errors do not
    say how to fix it.
    """
    version = _version(name)
    if version not in SUPPORTED[name]:
        raise StackError(
            f'hirl_mm supports {name}{SUPPORTED[name]}, but {name} {version} '
            f'is installed. Fix with: {install(name, _has_fork())}'
        )
    if name != 'mmengine':
        fork = forked(name, version) is not None
        accepted = accepted_mmcv(name, version)
        found = _import('mmcv').__version__
        if found not in accepted:
            raise StackError(
                f'{name} {version} accepts mmcv{accepted}, but mmcv {found} '
                f'is installed. Fix with: {install("mmcv", fork)}. This is '
                'enough for pre-training; mmdet needs the full mmcv: '
                + compile_mmcv(fork)
            )
    return _import(name)


def _has_fork() -> bool:
    """Return whether the fork's packages fit those that are installed."""
    if importlib.util.find_spec('mmengine') is None:
        return False
    return forked('mmengine', _version('mmengine')) is not None


def _version(name: str) -> str:
    """Return the version of a package, even if it cannot be imported."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).with_name('version.py')
        if file.is_file():
            return runpy.run_path(str(file))['__version__']
    return _import(name).__version__


def _import_on_ops(name: str) -> ModuleType:
    check_stack()
    module = _import_fitting(name)
    version = _import('mmcv').__version__
    try:
        importlib.import_module('mmcv.ops')
    except ImportError as error:
        raise StackError(
            f'{name} needs the full mmcv with compiled ops, but mmcv.ops of '
            f'the installed mmcv {version} cannot be imported '
            f'({error}). Compile it against your torch (minutes) with: '
            + compile_mmcv(forked('mmcv', version) is not None, version)
        ) from error
    return module
