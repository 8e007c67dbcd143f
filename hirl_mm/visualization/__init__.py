"""Pictures of prototypes, neighbours, features and evaluation results."""

from .embedding_panels import EmbeddingColumn, draw_embedding_panels
from .embedding_plot import draw_embedding
from .evaluation_plot import draw_results
from .neighbor_sheet import draw_neighbor_sheet
from .prototype_sheet import draw_prototype_sheet
from .semantic_tree import draw_semantic_tree
from .subtree_picture import draw_subtree

__all__ = [
    'EmbeddingColumn',
    'draw_embedding',
    'draw_embedding_panels',
    'draw_neighbor_sheet',
    'draw_prototype_sheet',
    'draw_results',
    'draw_semantic_tree',
    'draw_subtree',
]
