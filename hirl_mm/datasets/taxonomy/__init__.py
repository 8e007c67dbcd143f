"""Class hierarchies from JSON files and from WordNet."""

from .beside_images import HIERARCHY_FILE, hierarchy_beside
from .coarser import with_coarser_classes
from .hierarchy import ClassHierarchy
from .wordnet import load_taxonomy

__all__ = [
    'HIERARCHY_FILE',
    'ClassHierarchy',
    'hierarchy_beside',
    'load_taxonomy',
    'with_coarser_classes',
]
