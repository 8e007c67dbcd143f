from .negative_paths import sample_negative_leaves
from .semantic_path_loss import check_reduction, semantic_path_loss

__all__ = ['check_reduction', 'sample_negative_leaves', 'semantic_path_loss']
