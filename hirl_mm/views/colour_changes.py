"""Changes of colour on the device of the pixels."""

import torch
from torch import Tensor

from hirl_mm.stack.triton_support import has_triton

from .colour_program import ColourProgram
from .torch_colours import change_dense, change_ragged
from .triton_colours import change_colours_fused


def change_colours(views: Tensor, program: ColourProgram, bgr: bool) -> None:
    """Change the colours of views of one size in place.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        program: The operations of V views.
        bgr: Whether the channels are blue, green, red.
    """
    if not has_triton(views.device):
        return change_dense(views, program, bgr)
    num, _, height, width = views.shape
    pixels = height * width
    return change_colours_fused(
        views,
        torch.arange(num) * 3 * pixels,
        torch.full((num,), pixels),
        (pixels, 1),
        program,
        bgr,
    )


def change_ragged_colours(
    pixels: Tensor, sizes: Tensor, program: ColourProgram, bgr: bool
) -> None:
    """Change the colours of images of any sizes in place.

    Args:
        pixels: (P, 3) uint8, the pixels of V images.
        sizes: (V, 2) height and width of the images, on the host.
        program: The operations of V images.
        bgr: Whether the channels are blue, green, red.
    """
    lengths = sizes.prod(1)
    if not has_triton(pixels.device):
        return change_ragged(pixels, lengths, program, bgr)
    starts = 3 * (lengths.cumsum(0) - lengths)
    return change_colours_fused(pixels, starts, lengths, (1, 3), program, bgr)
