from .negative_paths import sample_negative_leaves
from .self_distillation import (
    at_least_float32,
    mean_entropy,
    patch_distillation_loss,
    teacher_probabilities,
    view_distillation_loss,
)
from .semantic_path_loss import check_reduction, semantic_path_loss
from .sinkhorn import sinkhorn
from .swapped_prediction import swapped_prediction_loss
from .swav_loss import SwAVLoss
from .teacher_temperature import teacher_temperature

__all__ = [
    'SwAVLoss',
    'at_least_float32',
    'check_reduction',
    'mean_entropy',
    'patch_distillation_loss',
    'sample_negative_leaves',
    'semantic_path_loss',
    'sinkhorn',
    'swapped_prediction_loss',
    'teacher_probabilities',
    'teacher_temperature',
    'view_distillation_loss',
]
