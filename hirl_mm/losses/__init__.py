"""All losses as pure functions of PyTorch tensors."""

from .self_distillation import (
    at_least_float32,
    mean_entropy,
    patch_distillation_loss,
    teacher_probabilities,
    view_distillation_loss,
)
from .semantic_path import (
    check_reduction,
    sample_negative_leaves,
    semantic_path_loss,
)
from .sinkhorn import sinkhorn
from .swapped_prediction import swapped_prediction_loss

__all__ = [
    'at_least_float32',
    'check_reduction',
    'mean_entropy',
    'patch_distillation_loss',
    'sample_negative_leaves',
    'semantic_path_loss',
    'sinkhorn',
    'swapped_prediction_loss',
    'teacher_probabilities',
    'view_distillation_loss',
]
