"""Modules and helpers that several methods share."""

from .averages import StartsAverages, average_sources, with_averages
from .embedding_queue import EmbeddingQueue
from .first_output import FirstOutput
from .first_rows import FirstRows
from .image_groups import group_size_of, images_of_groups
from .key_queue import KeyQueue, PushesKeys
from .masked_patches import MaskedPatches
from .momentum_schedule import momentum_at
from .momentum_teacher import MomentumTeacher
from .multi_crop import (
    batch_per_resolution,
    check_least_views,
    check_num_views,
)
from .nearest_leaves import nearest_leaves
from .output_dim import output_dim
from .pair_mixing import PairCutMix, PairMix, PairMixUp
from .pooled import pooled
from .prototype_use import PrototypeUse, prototype_uses
from .queued_assignment import assign_with_queue
from .teacher_temperature import TeacherWarmup, teacher_temperature
from .training_progress import current_epoch, done_share

__all__ = [
    'EmbeddingQueue',
    'FirstOutput',
    'FirstRows',
    'KeyQueue',
    'MaskedPatches',
    'MomentumTeacher',
    'PairCutMix',
    'PairMix',
    'PairMixUp',
    'PrototypeUse',
    'PushesKeys',
    'StartsAverages',
    'TeacherWarmup',
    'assign_with_queue',
    'average_sources',
    'batch_per_resolution',
    'check_least_views',
    'check_num_views',
    'current_epoch',
    'done_share',
    'group_size_of',
    'images_of_groups',
    'momentum_at',
    'nearest_leaves',
    'output_dim',
    'pooled',
    'prototype_uses',
    'teacher_temperature',
    'with_averages',
]
