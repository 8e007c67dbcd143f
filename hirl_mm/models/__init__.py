from .backbones import DINOViT, MaskedViT
from .heads import DINODistillHead, SPDHead, iBOTDistillHead
from .losses import SwAVLoss
from .necks import DINONeck
from .selfsup import (
    HIRLDINO,
    DINOAlgorithm,
    HIRLAlgorithm,
    HIRLBEiT,
    HIRLiBOT,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
    HIRLSwAV,
    iBOTAlgorithm,
)

__all__ = [
    'DINOAlgorithm',
    'DINODistillHead',
    'DINONeck',
    'DINOViT',
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLDINO',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'HIRLSwAV',
    'HIRLiBOT',
    'MaskedViT',
    'SPDHead',
    'SwAVLoss',
    'iBOTAlgorithm',
    'iBOTDistillHead',
]
