"""Pictures of prototype trees, features and evaluation results."""

from .embedding_plot import draw_embedding
from .evaluation_plot import draw_results
from .semantic_tree import draw_semantic_tree

__all__ = ['draw_embedding', 'draw_results', 'draw_semantic_tree']
