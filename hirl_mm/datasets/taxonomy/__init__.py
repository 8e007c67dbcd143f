"""Class hierarchies: a file format, and WordNet's."""

from .hierarchy import ClassHierarchy
from .wordnet import load_taxonomy

__all__ = ['ClassHierarchy', 'load_taxonomy']
