"""Class hierarchies from JSON files and from WordNet."""

from .hierarchy import ClassHierarchy
from .wordnet import load_taxonomy

__all__ = ['ClassHierarchy', 'load_taxonomy']
