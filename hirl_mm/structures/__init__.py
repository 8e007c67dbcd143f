"""Values that are passed around: trees, their images, nearest neighbours."""

from .embedded_images import EmbeddedImages
from .neighbor_table import NeighborTable
from .prototype_tree import PrototypeTree
from .tree_checks import NO_LEAF
from .tree_file import TREE_KEY

__all__ = [
    'NO_LEAF',
    'TREE_KEY',
    'EmbeddedImages',
    'NeighborTable',
    'PrototypeTree',
]
