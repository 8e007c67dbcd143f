"""Small data sets generated without a download: digits and drawn shapes."""

from .digit_scenes import write_digit_scenes
from .digits import write_digits
from .shape_scenes import write_shape_scenes
from .shapes import shape_hierarchy, write_shapes

__all__ = [
    'shape_hierarchy',
    'write_digit_scenes',
    'write_digits',
    'write_shape_scenes',
    'write_shapes',
]
