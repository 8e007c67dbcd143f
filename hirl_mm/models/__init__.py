from .heads import SPDHead
from .selfsup import HIRLAlgorithm, HIRLMoCo

__all__ = ['HIRLAlgorithm', 'HIRLMoCo', 'SPDHead']
