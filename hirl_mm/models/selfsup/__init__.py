from .compose import compose_hirl
from .hirl import HIRLAlgorithm
from .hirl_methods import HIRLMoCo, HIRLMoCoV3, HIRLSimSiam, HIRLSwAV

__all__ = [
    'HIRLAlgorithm',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'HIRLSwAV',
    'compose_hirl',
]
