"""The packages are imported in an order in which they can be checked.

Versions are those of ``module.__version__``: the maintained forks have the
same import names, but other distribution names.
"""

import functools
import importlib
import importlib.util
import runpy
from pathlib import Path
from types import ModuleType

from .errors import StackError
from .probes import check_hue, check_pkg_resources, check_transformers
from .ranges import COMMON_MMCV, SUPPORTED, accepted_mmcv

# mmcv and mmcv-lite share one folder: the one must go before the other comes.
_REMOVE_MMCV = 'pip uninstall -y mmcv mmcv-lite'
_INSTALL_OPS = (
    _REMOVE_MMCV + ' && pip install "setuptools<81" wheel ninja && '
    'pip install --no-cache-dir --no-build-isolation "mmcv{}"'
)
_INSTALL = {
    'torch': 'pip install torch torchvision',
    'mmengine': f'pip install "mmengine{SUPPORTED["mmengine"]}"',
    'mmcv': f'{_REMOVE_MMCV} && pip install "mmcv-lite{COMMON_MMCV}"',
    'mmpretrain': f'pip install "mmpretrain{SUPPORTED["mmpretrain"]}"',
    'mmdet': f'pip install "mmdet{SUPPORTED["mmdet"]}"',
    'mmseg': f'pip install "mmsegmentation{SUPPORTED["mmseg"]}" ftfy regex',
}
# Models of mmseg 1.2 import these, which its metadata does not name.
_INSTALL |= dict.fromkeys(('ftfy', 'regex'), _INSTALL['mmseg'])


@functools.cache
def check_stack() -> None:
    """Import torch and the OpenMMLab packages; see that they fit.

    Afterwards MMEngine knows the configs of hirl_mm, see
    :func:`register_configs`. A second call costs nothing.

    Raises:
        StackError: With what was found and the command that fixes it.
    """
    _import('torch')
    mmengine = _import_fitting('mmengine')
    mmcv = _import('mmcv')
    _import_fitting('mmpretrain')
    if importlib.util.find_spec('mmdet') is not None:
        _import_fitting('mmdet')
    check_pkg_resources(mmengine)
    check_hue(mmcv)
    check_transformers()
    register_configs()


def register_configs() -> None:
    """Let configs inherit with ``_base_ = 'hirl_mm::hirl/...'``.

    MMEngine keeps a table of the packages it looks configs up in. The name
    entered here is that of a module, not of the distribution: MMEngine takes
    the folder of a distribution from its metadata, which an editable install
    has elsewhere, but the folder of a module from the import system.
    """
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['hirl_mm'] = 'hirl_mm.version'


def require_detection() -> ModuleType:
    """The module mmdet, on an mmcv with compiled ops.

    Raises:
        StackError: If mmdet or the ops are missing, or do not load.
    """
    return _import_on_ops('mmdet')


def require_segmentation() -> ModuleType:
    """The module mmseg, on an mmcv with compiled ops.

    Raises:
        StackError: If mmseg, what its models import, or the ops are missing,
            or do not load.
    """
    mmseg = _import_on_ops('mmseg')
    for name in ('ftfy', 'regex'):
        _import(name)
    return mmseg


def require_faiss() -> ModuleType:
    """The module faiss.

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
            f'with: {_INSTALL[name]}'
        ) from error


def _import_fitting(name: str) -> ModuleType:
    """Import a package once its version and that of mmcv are checked.

    The packages check mmcv themselves while they are imported, but do not
    say what to do.
    """
    version = _version(name)
    if version not in SUPPORTED[name]:
        raise StackError(
            f'hirl_mm supports {name}{SUPPORTED[name]}, but {name} {version} '
            f'is installed. Fix with: {_INSTALL[name]}'
        )
    if name != 'mmengine':
        accepted = accepted_mmcv(name, version)
        found = _import('mmcv').__version__
        if found not in accepted:
            raise StackError(
                f'{name} {version} accepts mmcv{accepted}, but mmcv {found} '
                f'is installed. Fix with: {_INSTALL["mmcv"]}. That is enough '
                'for pre-training; mmdet needs the full mmcv: '
                + _INSTALL_OPS.format(COMMON_MMCV)
            )
    return _import(name)


def _version(name: str) -> str:
    """The version of a package, also of one that cannot be imported."""
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).with_name('version.py')
        if file.is_file():
            return runpy.run_path(str(file))['__version__']
    return _import(name).__version__


def _import_on_ops(name: str) -> ModuleType:
    check_stack()
    module = _import_fitting(name)
    mmcv = _import('mmcv')
    try:
        importlib.import_module('mmcv.ops')
    except ImportError as error:
        raise StackError(
            f'{name} needs the full mmcv with compiled ops, but mmcv.ops of '
            f'the installed mmcv {mmcv.__version__} cannot be imported '
            f'({error}). Compile it against your torch (minutes) with: '
            + _INSTALL_OPS.format(f'=={mmcv.__version__}')
        ) from error
    return module
