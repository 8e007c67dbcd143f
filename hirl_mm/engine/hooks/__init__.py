from .epoch_time_hook import EpochTimeHook
from .frozen_layers_hook import FrozenLayersHook
from .hierarchical_kmeans_hook import HierarchicalKMeansHook
from .knn_probe_hook import KNNProbeHook
from .mask_check_hook import MaskCheckHook
from .named_hook import NamedHook
from .parameter_clip_hook import ParameterClipHook
from .teacher_update_hook import TeacherUpdateHook

__all__ = [
    'EpochTimeHook',
    'FrozenLayersHook',
    'HierarchicalKMeansHook',
    'KNNProbeHook',
    'MaskCheckHook',
    'NamedHook',
    'ParameterClipHook',
    'TeacherUpdateHook',
]
