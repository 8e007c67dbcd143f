"""Hierarchical self-supervised learning for OpenMMLab."""

from .stack import register_configs
from .version import __version__

__all__ = ['__version__']

# Other projects inherit configs by ``hirl_mm::``.
register_configs()
