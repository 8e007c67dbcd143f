"""Reading checkpoint files and loading them into a backbone."""

from .loading import load_backbone, load_backbone_state
from .portable import make_portable
from .reader import UntrustedCheckpointError, read_checkpoint
from .state_dict import read_state_dict
from .trees import load_tree, tree_in

__all__ = [
    'UntrustedCheckpointError',
    'load_backbone',
    'load_backbone_state',
    'load_tree',
    'make_portable',
    'read_checkpoint',
    'read_state_dict',
    'tree_in',
]
