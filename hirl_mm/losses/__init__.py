"""Losses, as pure functions of PyTorch tensors."""

from .cross_level import cross_level_loss
from .cross_sample import cross_sample_loss
from .cross_scale import cross_scale_loss
from .pyramid import pyramid_loss
from .self_distillation import (
    mean_entropy,
    patch_distillation_loss,
    teacher_probabilities,
    view_distillation_loss,
)
from .semantic_path import (
    path_similarity,
    sample_negative_leaves,
    semantic_path_loss,
)
from .sinkhorn import sinkhorn
from .swapped_prediction import swapped_prediction_loss

__all__ = [
    'cross_level_loss',
    'cross_sample_loss',
    'cross_scale_loss',
    'mean_entropy',
    'patch_distillation_loss',
    'path_similarity',
    'pyramid_loss',
    'sample_negative_leaves',
    'semantic_path_loss',
    'sinkhorn',
    'swapped_prediction_loss',
    'teacher_probabilities',
    'view_distillation_loss',
]
