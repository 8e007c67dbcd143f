from .backbones import DINOViT, FrozenViT, MaskedViT
from .heads import (
    DINODistillHead,
    MaskedMultiLabelHead,
    SPDHead,
    iBOTDistillHead,
)
from .losses import SwAVLoss
from .necks import DINONeck, FourScaleNeck
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
    'FourScaleNeck',
    'FrozenViT',
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLDINO',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'HIRLSwAV',
    'HIRLiBOT',
    'MaskedMultiLabelHead',
    'MaskedViT',
    'SPDHead',
    'SwAVLoss',
    'iBOTAlgorithm',
    'iBOTDistillHead',
]
