"""Metrics, as functions of features, labels and trees."""

from .average_precision import average_precision
from .clustering import cluster_purity, clustering_scores
from .effective_rank import effective_rank
from .hierarchy import (
    HierarchyScores,
    TreeAgreement,
    hierarchy_scores,
    level_clustering_scores,
    tree_agreement,
)
from .knn import knn_accuracy, knn_predictions, weighted_vote
from .leave_one_out import leave_one_out_accuracy
from .logistic import LogisticResult, logistic_accuracy
from .neighbor_shares import kept_share, same_class_share
from .projection_levels import (
    ClassDistances,
    ClassSums,
    class_distances,
    view_distances,
)
from .pseudo_labels import PseudoLabels, confident_pseudo_labels
from .purity import tree_purity
from .svm import SVMScores, svm_scores

__all__ = [
    'ClassDistances',
    'ClassSums',
    'HierarchyScores',
    'LogisticResult',
    'PseudoLabels',
    'SVMScores',
    'TreeAgreement',
    'average_precision',
    'class_distances',
    'cluster_purity',
    'clustering_scores',
    'confident_pseudo_labels',
    'effective_rank',
    'hierarchy_scores',
    'kept_share',
    'knn_accuracy',
    'knn_predictions',
    'leave_one_out_accuracy',
    'level_clustering_scores',
    'logistic_accuracy',
    'same_class_share',
    'svm_scores',
    'tree_agreement',
    'tree_purity',
    'view_distances',
    'weighted_vote',
]
