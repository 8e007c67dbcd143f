"""Checks of the packages hirl_mm stands on, each error with its remedy.

None of them is a requirement in the metadata of hirl_mm, because pip would
then replace the builds and forks a user has chosen. Versions are those of
``module.__version__``: the maintained forks have the same import names, but
other distribution names.
"""

import functools
import importlib
import importlib.util
import re
import sys
import warnings
from types import ModuleType

SUPPORTED = {'mmengine': ('0.10', '1.0'), 'mmpretrain': ('1.2', '2.0')}

# mmcv and mmcv-lite share one folder: the one must go before the other comes.
_REMOVE_MMCV = 'pip uninstall -y mmcv mmcv-lite'
_INSTALL_MMCV = _REMOVE_MMCV + ' && pip install "mmcv-lite{}"'
_INSTALL_OPS = (
    _REMOVE_MMCV + ' && pip install "setuptools<81" wheel ninja && '
    'pip install --no-cache-dir --no-build-isolation "mmcv{}"'
)
_DEFAULT_MMCV = '>=2.0.0,<2.2.0'
_INSTALL = {
    'torch': 'pip install torch torchvision',
    'mmengine': 'pip install "mmengine>=0.10,<1.0"',
    'mmcv': _INSTALL_MMCV.format(_DEFAULT_MMCV),
    'mmpretrain': 'pip install "mmpretrain>=1.2,<2.0"',
    'mmdet': 'pip install mmdet',
    'mmseg': 'pip install mmsegmentation ftfy regex',
}
# Models of mmseg 1.2 import these, which its metadata does not name.
_INSTALL |= dict.fromkeys(('ftfy', 'regex'), _INSTALL['mmseg'])


class StackError(ImportError):
    """A package beneath hirl_mm is missing, or does not fit the others."""


@functools.cache
def check_stack() -> None:
    """Import torch and the OpenMMLab packages; see that they fit.

    Afterwards MMEngine knows the configs of hirl_mm, see
    :func:`register_configs`. A second call costs nothing.

    Raises:
        StackError: With what was found and the command that mends it.
    """
    _import('torch')
    mmengine = _import('mmengine')
    _check_range(mmengine)
    mmcv = _import('mmcv')
    _check_range(_import('mmpretrain'))
    if importlib.util.find_spec('mmdet') is not None:
        _import('mmdet')
    _check_pkg_resources(mmengine)
    _check_hue(mmcv)
    _check_transformers()
    register_configs()


def register_configs() -> None:
    """Let configs inherit with ``_base_ = 'hirl_mm::hirl/...'``.

    MMEngine keeps a table of the packages it looks configs up in. The name
    entered here is that of a module: MMEngine takes the folder of a
    distribution from its metadata, which an editable install has elsewhere,
    but the folder of a mere module from the import system.
    """
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE['hirl_mm'] = __name__


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


def _import_on_ops(name: str) -> ModuleType:
    check_stack()
    module = _import(name)
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
        if error.name == name:
            raise StackError(
                f'{name} is needed, but not installed. Install it '
                f'with: {_INSTALL[name]}'
            ) from error
        # mmcv 1.x has no mmcv.transforms: mmpretrain fails before it can
        # compare versions.
        if (error.name or '').startswith('mmcv.') and name != 'mmcv':
            raise StackError(_refusal(name, error)) from error
        raise
    except AssertionError as error:
        raise StackError(_refusal(name, error)) from error


def _refusal(name: str, error: Exception) -> str:
    """What to say when package ``name`` refuses the mmcv or mmengine."""
    # The package itself is gone from sys.modules, its submodules are not.
    found = getattr(sys.modules.get(f'{name}.version'), '__version__', '')
    package = f'{name} {found}'.strip()
    pattern = r'install (\w+)\s*>=\s*([\w.]*\w)\s*,\s*(<=?)\s*([\w.]*\w)'
    match = re.search(pattern, str(error))
    if match is None:
        dependency, accepted = 'mmcv', _DEFAULT_MMCV
        reason = f'({error})'
    else:
        dependency, low, sign, high = match.groups()
        accepted = f'>={low},{sign}{high}'
        reason = f'it accepts {dependency}{accepted}'
    version = sys.modules[dependency].__version__
    if dependency == 'mmcv':
        command = _INSTALL_MMCV.format(accepted)
    else:
        command = f'pip install "{dependency}{accepted}"'
    text = (
        f'{package} refuses the installed {dependency} {version}: {reason}. '
        f'Mend with: {command}'
    )
    if dependency == 'mmcv':
        text += (
            '. That is enough for pre-training; mmdet needs the full mmcv: '
            + _INSTALL_OPS.format(accepted)
        )
    return text


def _check_range(module: ModuleType) -> None:
    name, version = module.__name__, module.__version__
    low, high = SUPPORTED[name]
    if not _numbers(low) <= _numbers(version) < _numbers(high):
        raise StackError(
            f'hirl_mm supports {name}>={low},<{high}, but {name} {version} '
            f'is installed. Mend with: {_INSTALL[name]}'
        )


def _numbers(version: str) -> tuple[int, ...]:
    """``'1.2.0rc1'`` to (1, 2, 0)."""
    return tuple(int(n) for n in re.findall(r'\d+', version)[:3])


def _check_pkg_resources(mmengine: ModuleType) -> None:
    """See that ``_base_ = 'mmpretrain::...'`` can be looked up."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            mmengine.utils.get_installed_path('mmpretrain')
    except ModuleNotFoundError as error:
        if error.name != 'pkg_resources':
            raise
        raise StackError(
            f'mmengine {mmengine.__version__} reads configs of other '
            'packages with pkg_resources, which is not installed; '
            'later setuptools no longer bring it. Mend with: '
            'pip install "setuptools<81"'
        ) from error


def _check_hue(mmcv: ModuleType) -> None:
    """Probe what ColorJitter does; mmcv 2.1.0 fails under numpy 2."""
    import numpy as np

    try:
        mmcv.adjust_hue(np.zeros((1, 1, 3), np.uint8), -0.1)
    except OverflowError as error:
        raise StackError(
            f'mmcv {mmcv.__version__} does not work with numpy '
            f'{np.__version__}: mmcv.adjust_hue raises OverflowError '
            f'({error}), so every ColorJitter with hue would stop. Mend '
            'with: pip install "numpy<2" "opencv-python<5"'
        ) from error


def _check_transformers() -> None:
    """Look for what mmpretrain's models import of transformers, if there."""
    if importlib.util.find_spec('transformers') is None:
        return
    try:
        from transformers.modeling_utils import (  # noqa: F401
            apply_chunking_to_forward,
        )
    except ImportError as error:
        from transformers import __version__

        raise StackError(
            f'the models of mmpretrain cannot be imported beside '
            f'transformers {__version__}: {error}. Mend with: pip install '
            '"transformers<4.50", or pip uninstall transformers'
        ) from error
