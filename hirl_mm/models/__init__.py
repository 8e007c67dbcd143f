"""Algorithms, heads, necks and backbones, registered with MMEngine."""

from .backbones import DINOViT, FrozenViT, MaskedViT
from .data_preprocessors import DeviceViews
from .detection import Res5ExtraNorm, c4_detector
from .heads import (
    CrossLevelHead,
    CrossSampleHead,
    DINODistillHead,
    MaskedMultiLabelHead,
    SPDHead,
    SwAVLoss,
    iBOTDistillHead,
)
from .modules import PairCutMix, PairMixUp
from .necks import (
    DINONeck,
    FourScaleNeck,
    HierarchicalProjectionNeck,
    StageBranches,
)
from .selfsup import (
    HCCL,
    HIRLDINO,
    HIRLHCCL,
    CsMl,
    CsMlBYOL,
    DINOAlgorithm,
    HIRLAlgorithm,
    HIRLBEiT,
    HIRLCsMl,
    HIRLiBOT,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
    HIRLSwAV,
    iBOTAlgorithm,
)

__all__ = [
    'CrossLevelHead',
    'CrossSampleHead',
    'CsMl',
    'CsMlBYOL',
    'HIRLCsMl',
    'PairCutMix',
    'PairMixUp',
    'StageBranches',
    'HCCL',
    'HIRLHCCL',
    'HierarchicalProjectionNeck',
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
