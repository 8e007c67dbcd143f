"""Self-supervised methods, each with and without HIRL."""

from .dino import DINOAlgorithm
from .hirl import HIRLAlgorithm
from .hirl_methods import (
    HIRLDINO,
    HIRLBEiT,
    HIRLiBOT,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
    HIRLSwAV,
)
from .ibot import iBOTAlgorithm
from .self_distillation import SelfDistillation

__all__ = [
    'DINOAlgorithm',
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLDINO',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'HIRLSwAV',
    'HIRLiBOT',
    'SelfDistillation',
    'iBOTAlgorithm',
]
