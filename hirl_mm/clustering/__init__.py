"""K-means on one or several processes, with PyTorch, Triton or faiss."""

from .hierarchical import (
    check_num_prototypes,
    hierarchical_kmeans,
    restarts_per_level,
)
from .kmeans import kmeans
from .spread import feature_spread
from .tree_change import moved_shares

__all__ = [
    'check_num_prototypes',
    'feature_spread',
    'hierarchical_kmeans',
    'kmeans',
    'moved_shares',
    'restarts_per_level',
]
