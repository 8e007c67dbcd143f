"""Semantic path discrimination, the loss of HIRL (Eq. 2 and 3)."""

from .loss import check_reduction, semantic_path_loss
from .negatives import sample_negative_leaves

__all__ = ['check_reduction', 'sample_negative_leaves', 'semantic_path_loss']
