"""Necks between a backbone and a head."""

from .dino_neck import DINONeck
from .four_scale_neck import FourScaleNeck

__all__ = ['DINONeck', 'FourScaleNeck']
