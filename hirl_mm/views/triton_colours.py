"""Changes of colour of all views in two launches."""

import torch
from torch import Tensor

from .blocks import blocks_of
from .colour_program import CONTRAST, ColourProgram
from .transfer import transferred

BLOCK = 512


def change_colours_fused(
    pixels: Tensor,
    starts: Tensor,
    lengths: Tensor,
    strides: tuple[int, int],
    program: ColourProgram,
    bgr: bool,
) -> None:
    """Change the colours of views in place, on a GPU.

    One launch finds the means that contrast needs, one does all operations of
    every pixel. Both touch only views that have something to do.

    Args:
        pixels: uint8, contiguous.
        starts: (V,) where every view begins, in elements.
        lengths: (V,) how many pixels it has.
        strides: Elements from channel to channel and from pixel to pixel.
        program: The operations of V views, with at most one contrast each.
        bgr: Whether the channels are blue, green, red.
    """
    from .colour_kernels import colours_kernel, grey_sum_kernel

    codes = program.codes
    changed = codes.any(1).nonzero()[:, 0]
    if not len(changed):
        return
    has_contrast = codes == CONTRAST
    contrasted = has_contrast.any(1).nonzero()[:, 0]
    blocks = blocks_of(changed, lengths[changed], BLOCK)
    mean_blocks = blocks_of(contrasted, lengths[contrasted], BLOCK)
    weights = torch.tensor(program.grey_weights, dtype=torch.float64)
    there = transferred(
        [
            torch.stack([starts, lengths], 1),
            *(blocks, mean_blocks, codes, program.values),
            has_contrast.int().argmax(1).int(),
            weights / sum(program.grey_weights),
            torch.zeros(len(codes), dtype=torch.int64),
        ],
        pixels.device,
    )
    views, blocks, mean_blocks, codes, values, contrast, weights, sums = there
    options = dict(BGR=bgr, BLOCK=BLOCK, enable_fp_fusion=False)
    with torch.cuda.device_of(pixels):
        if len(mean_blocks):
            grey_sum_kernel[(len(mean_blocks),)](
                *(pixels, views, mean_blocks, codes, values, contrast),
                *(weights, sums, *strides, codes.size(1)),
                **options,
            )
        colours_kernel[(len(blocks),)](
            *(pixels, views, blocks, codes, values, weights, sums),
            *(*strides, codes.size(1)),
            **options,
        )
