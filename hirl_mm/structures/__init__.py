"""Values that are passed around: trees of prototypes, nearest neighbours."""

from .neighbor_table import NeighborTable
from .prototype_tree import PrototypeTree
from .tree_checks import NO_LEAF
from .tree_file import TREE_KEY

__all__ = ['NO_LEAF', 'TREE_KEY', 'NeighborTable', 'PrototypeTree']
