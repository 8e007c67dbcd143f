"""Using the tree of a run: lists, records and configs that tools write."""

from .image_files import image_files
from .place_labels import PlacedLabels, place_labels
from .search import search

__all__ = ['PlacedLabels', 'image_files', 'place_labels', 'search']
