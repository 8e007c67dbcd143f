"""Checks of the packages hirl_mm stands on, each error with its remedy.

None of them is a requirement in the metadata of hirl_mm, because pip would
then replace the builds and forks a user has chosen.
"""

from .checks import (
    check_stack,
    register_configs,
    require_detection,
    require_faiss,
    require_segmentation,
)
from .errors import StackError

__all__ = [
    'StackError',
    'check_stack',
    'register_configs',
    'require_detection',
    'require_faiss',
    'require_segmentation',
]
