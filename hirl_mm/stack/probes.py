"""Checks that try out functions of other packages which hirl_mm needs."""

import importlib.util
import warnings
from types import ModuleType

from .errors import StackError


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


def check_transformers() -> None:
    """Check what mmpretrain's models import from transformers.

    Does nothing if transformers is not installed.
    """
    if importlib.util.find_spec('transformers') is None:
        return
    try:
        from transformers.modeling_utils import (  # noqa: F401
            apply_chunking_to_forward,
        )
    except ImportError as error:
        from transformers import __version__

        raise StackError(
            f'the models of mmpretrain cannot be imported with '
            f'transformers {__version__}: {error}. Fix with: pip install '
            '"transformers<4.50", or pip uninstall transformers'
        ) from error
