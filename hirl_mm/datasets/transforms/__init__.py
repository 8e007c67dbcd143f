"""Transforms of images, registered with MMEngine."""

from .block_mask import BlockMask
from .load_image import LoadImage

__all__ = ['BlockMask', 'LoadImage']
