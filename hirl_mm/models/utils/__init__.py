from .first_output import FirstOutput
from .masked_patches import MaskedPatches
from .momentum_schedule import momentum_at
from .momentum_teacher import MomentumTeacher
from .multi_crop import (
    batch_per_resolution,
    check_least_views,
    check_num_views,
)
from .normalized_linear import NormalizedLinear
from .output_dim import output_dim
from .pooled import pooled
from .training_progress import current_epoch, done_share

__all__ = [
    'FirstOutput',
    'MaskedPatches',
    'MomentumTeacher',
    'NormalizedLinear',
    'batch_per_resolution',
    'check_least_views',
    'check_num_views',
    'current_epoch',
    'done_share',
    'momentum_at',
    'output_dim',
    'pooled',
]
