from .hirl import HIRLAlgorithm, HIRLMoCo

__all__ = ['HIRLAlgorithm', 'HIRLMoCo']
