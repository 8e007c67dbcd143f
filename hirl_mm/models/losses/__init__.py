from .negative_paths import sample_negative_leaves
from .semantic_path_loss import check_reduction, semantic_path_loss
from .sinkhorn import sinkhorn
from .swapped_prediction import swapped_prediction_loss
from .swav_loss import SwAVLoss

__all__ = [
    'SwAVLoss',
    'check_reduction',
    'sample_negative_leaves',
    'semantic_path_loss',
    'sinkhorn',
    'swapped_prediction_loss',
]
