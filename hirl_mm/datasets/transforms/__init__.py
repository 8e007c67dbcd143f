"""Transforms of images, registered with MMEngine."""

from .beit_mask import BEiTBlockMask
from .block_mask import BlockMask
from .grid_patches import GridPatches
from .load_image import LoadImage
from .pack_whole_image import PackWholeImage
from .patch_by_sample import PatchBySample
from .patch_pyramid import PatchPyramid
from .two_size_crop import TwoSizeCrop

__all__ = [
    'BEiTBlockMask',
    'BlockMask',
    'GridPatches',
    'LoadImage',
    'PackWholeImage',
    'PatchBySample',
    'PatchPyramid',
    'TwoSizeCrop',
]
