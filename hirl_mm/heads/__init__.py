"""Heads as plain PyTorch modules."""

from .normalized_linear import NormalizedLinear
from .path_projections import PathProjections
from .projection_mlp import ProjectionMLP

__all__ = ['NormalizedLinear', 'PathProjections', 'ProjectionMLP']
