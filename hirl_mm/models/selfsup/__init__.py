from .compose import compose_hirl
from .hirl import HIRLAlgorithm
from .hirl_methods import HIRLBEiT, HIRLMoCo, HIRLMoCoV3, HIRLSimSiam

__all__ = [
    'HIRLAlgorithm',
    'HIRLBEiT',
    'HIRLMoCo',
    'HIRLMoCoV3',
    'HIRLSimSiam',
    'compose_hirl',
]
