"""Using the tree of a run: lists, records and configs that tools write."""

from .image_files import image_files
from .search import search

__all__ = ['image_files', 'search']
