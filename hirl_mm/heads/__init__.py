"""Heads as plain PyTorch modules."""

from .level_predictors import LevelPredictors
from .level_projections import LevelProjections
from .normalized_linear import NormalizedLinear
from .path_projections import PathProjections
from .projection_mlp import ProjectionMLP

__all__ = [
    'LevelPredictors',
    'LevelProjections',
    'NormalizedLinear',
    'PathProjections',
    'ProjectionMLP',
]
