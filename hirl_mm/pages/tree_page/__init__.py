"""A page that shows a tree of prototypes with its images."""

from .preview import PagePreview
from .shown_tree import ShownTree
from .writer import preview_tree_page, write_tree_page

__all__ = ['PagePreview', 'ShownTree', 'preview_tree_page', 'write_tree_page']
