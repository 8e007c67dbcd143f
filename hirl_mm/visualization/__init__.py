from .semantic_tree import draw_semantic_tree

__all__ = ['draw_semantic_tree']
