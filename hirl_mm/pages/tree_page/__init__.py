"""A page that shows a tree of prototypes with its images."""

from .preview import PagePreview
from .shown_tree import ShownTree
from .tree_page import TreePage

__all__ = ['PagePreview', 'ShownTree', 'TreePage']
