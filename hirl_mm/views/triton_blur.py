"""Blur of all views in two launches."""

import torch
from torch import Tensor

from .box_blur import box_weights
from .transfer import transferred

# Pixels of a tile of the kernel, and those of the longest line: a program
# holds whole lines.
_TILE = 2048
MOST = 1024
NUM_WARPS = 8


def blur_fused(views: Tensor, radii: Tensor) -> None:
    """Blur views in place on a GPU: one launch for rows, one for columns.

    Only views with a radius above 0 are read.

    Args:
        views: (V, 3, H, W) uint8, contiguous, H and W at most :data:`MOST`.
        radii: (V,) standard deviations in pixels on the host.
    """
    from .blur_kernels import boxes_kernel

    blurred = (radii > 0).nonzero()[:, 0]
    num = len(blurred)
    if not num:
        return
    _, _, height, width = views.shape
    weights = box_weights(radii[blurred])
    table = torch.stack([blurred, torch.arange(num), *weights], 1).int()
    (table,) = transferred([table], views.device)
    between = views.new_empty(num, 3, height, width)
    with torch.cuda.device_of(views):
        for source, target, numbers, lines in (
            (views, between, (0, 1), (height, width, width, 1)),
            (between, views, (1, 0), (width, height, 1, width)),
        ):
            tile = tile_of(lines[1])
            blocks = -(-lines[0] // tile['BLOCK_L'])
            boxes_kernel[(num * 3 * blocks,)](
                *(source, target, table, *numbers, *lines),
                **tile,
                num_warps=NUM_WARPS,
            )


def tile_of(length: int) -> dict[str, int]:
    """Return lines and pixels of a tile for lines of a length."""
    pixels = 1 << max(length - 1, 15).bit_length()
    return dict(BLOCK_L=max(1, _TILE // pixels), BLOCK_N=pixels)
