"""Class hierarchies from JSON files and from WordNet."""

from .coarser import with_coarser_classes
from .hierarchy import ClassHierarchy
from .wordnet import load_taxonomy

__all__ = ['ClassHierarchy', 'load_taxonomy', 'with_coarser_classes']
