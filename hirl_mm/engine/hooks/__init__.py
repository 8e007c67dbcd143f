"""Hooks of training, registered with MMEngine."""

from .accumulated_gradients_hook import AccumulatedGradientsHook
from .bad_batch_hook import BadBatchHook
from .dataset_check_hook import DatasetCheckHook
from .dead_prototypes_hook import DeadPrototypesHook
from .device_views_hook import DeviceViewsHook
from .durable_checkpoint_hook import DurableCheckpointHook
from .epoch_time_hook import EpochTimeHook
from .feature_health_hook import FeatureHealthHook
from .feature_pass_hook import FeaturePassHook
from .frozen_layers_hook import FrozenLayersHook
from .hierarchical_kmeans_hook import HierarchicalKMeansHook
from .knn_probe_hook import KNNProbeHook
from .loaded_weights_hook import LoadedWeightsHook
from .mask_check_hook import MaskCheckHook
from .named_hook import NamedHook
from .neighbor_bank_hook import NeighborBankHook
from .parameter_clip_hook import ParameterClipHook
from .portable_checkpoint_hook import PortableCheckpointHook
from .position_seed_hook import PositionSeedHook
from .rank_watch_hook import RankWatchHook
from .resume_position_hook import ResumePositionHook
from .start_check_hook import StartCheckHook
from .stop_signal_hook import StopSignalHook
from .teacher_update_hook import TeacherUpdateHook
from .throughput_hook import ThroughputHook
from .training_images_hook import TrainingImagesHook
from .tree_positives_hook import TreePositivesHook
from .tree_sampling_hook import TreeSamplingHook
from .trust_checkpoint_hook import TrustCheckpointHook
from .work_folder_hook import WorkFolderHook

__all__ = [
    'AccumulatedGradientsHook',
    'BadBatchHook',
    'DatasetCheckHook',
    'DeadPrototypesHook',
    'DeviceViewsHook',
    'DurableCheckpointHook',
    'EpochTimeHook',
    'FeatureHealthHook',
    'FeaturePassHook',
    'FrozenLayersHook',
    'HierarchicalKMeansHook',
    'KNNProbeHook',
    'LoadedWeightsHook',
    'MaskCheckHook',
    'NamedHook',
    'NeighborBankHook',
    'ParameterClipHook',
    'PortableCheckpointHook',
    'PositionSeedHook',
    'RankWatchHook',
    'ResumePositionHook',
    'StartCheckHook',
    'StopSignalHook',
    'TeacherUpdateHook',
    'ThroughputHook',
    'TrainingImagesHook',
    'TreePositivesHook',
    'TreeSamplingHook',
    'TrustCheckpointHook',
    'WorkFolderHook',
]
