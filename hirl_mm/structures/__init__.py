"""The tree of prototypes."""

from .prototype_tree import PrototypeTree
from .tree_file import TREE_KEY

__all__ = ['TREE_KEY', 'PrototypeTree']
