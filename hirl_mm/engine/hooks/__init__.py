from .frozen_layers_hook import FrozenLayersHook
from .hierarchical_kmeans_hook import HierarchicalKMeansHook
from .knn_probe_hook import KNNProbeHook

__all__ = ['FrozenLayersHook', 'HierarchicalKMeansHook', 'KNNProbeHook']
