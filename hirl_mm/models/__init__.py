from .heads import SPDHead
from .losses import SwAVLoss
from .selfsup import (
    HIRLAlgorithm,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
    HIRLSwAV,
)

__all__ = [
    'HIRLAlgorithm',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'HIRLSwAV',
    'SPDHead',
    'SwAVLoss',
]
