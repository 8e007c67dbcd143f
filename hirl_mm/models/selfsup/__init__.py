"""Self-supervised methods, each with and without HIRL."""

from .csml import CsMl
from .csml_byol import CsMlBYOL
from .dino import DINOAlgorithm
from .hccl import HCCL
from .hirl import HIRLAlgorithm
from .hirl_csml import HIRLCsMl
from .hirl_hccl import HIRLHCCL
from .hirl_methods import (
    HIRLDINO,
    HIRLBEiT,
    HIRLiBOT,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
    HIRLSwAV,
)
from .hirl_ssprl import HIRLSSPRL
from .ibot import iBOTAlgorithm
from .moves_teacher import MovesTeacher
from .self_distillation import SelfDistillation
from .ssprl import SSPRL

__all__ = [
    'CsMl',
    'CsMlBYOL',
    'HCCL',
    'HIRLCsMl',
    'HIRLHCCL',
    'MovesTeacher',
    'DINOAlgorithm',
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLDINO',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSSPRL',
    'HIRLSimSiam',
    'HIRLSwAV',
    'HIRLiBOT',
    'SSPRL',
    'SelfDistillation',
    'iBOTAlgorithm',
]
