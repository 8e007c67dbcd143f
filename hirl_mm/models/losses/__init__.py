from .negative_paths import sample_negative_leaves
from .semantic_path_loss import semantic_path_loss

__all__ = ['sample_negative_leaves', 'semantic_path_loss']
