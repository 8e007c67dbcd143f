from .heads import SPDHead
from .selfsup import (
    HIRLAlgorithm,
    HIRLBEiT,
    HIRLMoCo,
    HIRLMoCoV3,
    HIRLSimSiam,
)

__all__ = [
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'SPDHead',
]
