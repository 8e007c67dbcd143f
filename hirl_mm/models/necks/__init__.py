"""Necks between a backbone and a head."""

from .dino_neck import DINONeck
from .four_scale_neck import FourScaleNeck
from .hierarchical_projection_neck import HierarchicalProjectionNeck
from .pyramid_neck import PyramidNeck
from .stage_branches import StageBranches

__all__ = [
    'DINONeck',
    'FourScaleNeck',
    'HierarchicalProjectionNeck',
    'PyramidNeck',
    'StageBranches',
]
