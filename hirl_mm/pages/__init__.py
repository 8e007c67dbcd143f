"""Static HTML pages made from values; they open from disk, without a server.

Pages get values and write files. They read no runs and run no models.
"""

from .tree_page import ShownTree, TreePage

__all__ = ['ShownTree', 'TreePage']
