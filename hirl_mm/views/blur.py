"""Gaussian blur on the device of the views."""

from torch import Tensor

from hirl_mm.stack.triton_support import has_triton

from .box_blur import blur_by_passes
from .triton_blur import MOST, blur_fused


def blur(views: Tensor, radii: Tensor) -> None:
    """Blur views in place, as Pillow does, see :mod:`.box_blur`.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        radii: (V,) standard deviations in pixels on the host; 0 for a view
            that stays as it is.
    """
    if has_triton(views.device) and max(views.shape[2:]) <= MOST:
        blur_fused(views, radii)
    else:
        blur_by_passes(views, radii)
