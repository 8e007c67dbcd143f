from .clustering import clustering_scores
from .knn import knn_accuracy, weighted_vote
from .purity import tree_purity

__all__ = [
    'clustering_scores',
    'knn_accuracy',
    'tree_purity',
    'weighted_vote',
]
