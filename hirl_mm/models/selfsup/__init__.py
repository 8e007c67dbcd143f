from .hirl import HIRLAlgorithm, HIRLMoCo, HIRLMoCoV3, HIRLSimSiam

__all__ = ['HIRLAlgorithm', 'HIRLMoCo', 'HIRLMoCoV3', 'HIRLSimSiam']
