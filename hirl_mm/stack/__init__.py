"""Checks of the packages that hirl_mm builds on; every error has the fix.

The metadata of hirl_mm does not require these packages, because pip would
then replace the builds and forks that a user has chosen.
"""

from .checks import (
    check_stack,
    require_detection,
    require_faiss,
    require_segmentation,
)
from .config_names import register_configs
from .errors import StackError
from .private_names import check_private_names

__all__ = [
    'StackError',
    'check_private_names',
    'check_stack',
    'register_configs',
    'require_detection',
    'require_faiss',
    'require_segmentation',
]
