"""The tree of prototypes."""

from .prototype_tree import TREE_KEY, PrototypeTree

__all__ = ['TREE_KEY', 'PrototypeTree']
