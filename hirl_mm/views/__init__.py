"""Random views of images, made in batches on a device.

The parameters of all views of a batch are drawn at once on the host; the
views are computed from them on the device of the images. See docs/views.md.
"""

from .color_jitter import ColorJitter, ColorJitterValues
from .parameters import ViewParameters
from .patch_scale import PatchScale
from .patch_views import PatchParameters, PatchViews
from .ragged_images import RaggedImages
from .random_crop import RandomCrop
from .random_resized_crop import RandomResizedCrop
from .steps import Flip, GaussianBlur, Grayscale, Solarize
from .view import View

__all__ = [
    'ColorJitter',
    'ColorJitterValues',
    'Flip',
    'GaussianBlur',
    'Grayscale',
    'PatchParameters',
    'PatchScale',
    'PatchViews',
    'RaggedImages',
    'RandomCrop',
    'RandomResizedCrop',
    'Solarize',
    'View',
    'ViewParameters',
]
