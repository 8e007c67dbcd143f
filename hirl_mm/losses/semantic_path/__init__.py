"""Semantic path discrimination, the loss of HIRL (Eq. 2 and 3)."""

from .loss import semantic_path_loss
from .negatives import sample_negative_leaves
from .similarity import path_similarity

__all__ = ['path_similarity', 'sample_negative_leaves', 'semantic_path_loss']
