"""Checks that try out functions of other packages which hirl_mm needs."""

import importlib
import importlib.util
import warnings
from types import ModuleType

from .errors import StackError
from .ranges import forked


def check_pkg_resources(mmengine: ModuleType) -> None:
    """Check that MMEngine can look up ``_base_ = 'mmpretrain::...'``."""
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
            'later versions of setuptools no longer contain it. Fix with: '
            'pip install "setuptools<81"'
        ) from error


def check_hue(mmcv: ModuleType) -> None:
    """Check the hue change of ColorJitter; mmcv 2.1.0 fails with numpy 2."""
    import numpy as np

    try:
        mmcv.adjust_hue(np.zeros((1, 1, 3), np.uint8), -0.1)
    except OverflowError as error:
        raise StackError(
            f'mmcv {mmcv.__version__} does not work with numpy '
            f'{np.__version__}: mmcv.adjust_hue raises OverflowError '
            f'({error}), so every ColorJitter with hue would fail. Fix with: '
            'pip install "numpy<2" "opencv-python<5"'
        ) from error


def check_transformers(mmpretrain: ModuleType) -> None:
    """Check what mmpretrain's models import from transformers.

    Does nothing if transformers is not installed.
    """
    if importlib.util.find_spec('transformers') is None:
        return
    fork = forked('mmpretrain', mmpretrain.__version__)
    home, below = (
        ('pytorch_utils', '5') if fork else ('modeling_utils', '4.50')
    )
    name = 'apply_chunking_to_forward'
    try:
        module = importlib.import_module(f'transformers.{home}')
        if not hasattr(module, name):
            raise ImportError(f'transformers.{home} has no {name}')
    except ImportError as error:
        from transformers import __version__

        raise StackError(
            f'the models of mmpretrain cannot be imported with '
            f'transformers {__version__}: {error}. Fix with: pip install '
            f'"transformers<{below}", or pip uninstall transformers'
        ) from error
