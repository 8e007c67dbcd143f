from .hierarchical_kmeans_hook import HierarchicalKMeansHook
from .knn_probe_hook import KNNProbeHook

__all__ = ['HierarchicalKMeansHook', 'KNNProbeHook']
