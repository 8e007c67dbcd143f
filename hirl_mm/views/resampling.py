"""Crops resized on the device of their images."""

from torch import Tensor

from hirl_mm.stack.triton_support import has_triton

from .crops import Crops
from .torch_resampling import resample_batched, resample_one_by_one
from .triton_resampling import resample_fused


def resample(
    pixels: Tensor, crops: Crops, size: tuple[int, int], name: str
) -> Tensor:
    """Resize crops, smoothed where they shrink, as Pillow does.

    Args:
        pixels: (P, 3) uint8, the pixels of all images.
        crops: V crops, on the host.
        size: Height and width of the views.
        name: ``'bilinear'``, ``'bicubic'`` or ``'lanczos'``.

    Returns:
        (V, 3, height, width) uint8 on the device of the pixels.
    """
    if has_triton(pixels.device):
        return resample_fused(pixels, crops, size, name)
    if pixels.device.type == 'cpu' and name != 'lanczos':
        return resample_one_by_one(pixels, crops, size, name)
    return resample_batched(pixels, crops, size, name)
