from .backbones import DINOViT, MaskedViT
from .heads import DINODistillHead, SPDHead, iBOTDistillHead
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
    'HIRLiBOT',
    'MaskedViT',
    'SPDHead',
    'iBOTAlgorithm',
    'iBOTDistillHead',
]
