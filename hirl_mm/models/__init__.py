"""Algorithms, heads, necks and backbones, registered with MMEngine."""

from .backbones import DINOViT, FrozenViT, MaskedViT
from .data_preprocessors import DeviceViews
from .detection import Res5ExtraNorm, c4_detector
from .heads import (
    DINODistillHead,
    MaskedMultiLabelHead,
    SPDHead,
    SwAVLoss,
    iBOTDistillHead,
)
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
    'DeviceViews',
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
    'Res5ExtraNorm',
    'SPDHead',
    'SwAVLoss',
    'c4_detector',
    'iBOTAlgorithm',
    'iBOTDistillHead',
]
