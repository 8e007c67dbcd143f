"""Heads with the losses that they compute."""

from .cross_level_head import CrossLevelHead
from .cross_sample_head import CrossSampleHead
from .dino_head import DINODistillHead
from .ibot_head import iBOTDistillHead
from .masked_multi_label_head import MaskedMultiLabelHead
from .pyramid_head import PyramidHead
from .spd_head import SPDHead
from .swav_loss import SwAVLoss

__all__ = [
    'CrossLevelHead',
    'CrossSampleHead',
    'DINODistillHead',
    'MaskedMultiLabelHead',
    'PyramidHead',
    'SPDHead',
    'SwAVLoss',
    'iBOTDistillHead',
]
