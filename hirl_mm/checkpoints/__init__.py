"""Checkpoints: what is in a file, and loading it into a backbone."""

from .loading import load_backbone, load_backbone_state
from .reading import read_state_dict

__all__ = ['load_backbone', 'load_backbone_state', 'read_state_dict']
