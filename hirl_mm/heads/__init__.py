"""Heads as plain PyTorch modules."""

from .normalized_linear import NormalizedLinear

__all__ = ['NormalizedLinear']
