"""Crops of different sizes resized in two launches."""

import torch
from torch import Tensor

from .blocks import blocks_of
from .crops import Crops
from .filters import FILTERS
from .transfer import transferred

# Rows and columns of a program. A warp has 32 neighbouring columns.
ROWS_TILE = dict(BLOCK_R=8, BLOCK_W=32)
COLUMNS_TILE = dict(BLOCK_H=4, BLOCK_W=128)


def resample_fused(
    pixels: Tensor, crops: Crops, size: tuple[int, int], name: str
) -> Tensor:
    """Resize crops on a GPU: one launch for the rows, one for the columns.

    Weights are computed in the kernels. Every row of every crop is resized
    once and rounded, as in Pillow; the rows of all crops lie one after the
    other, so that a large image does not make the others large.

    Args:
        pixels: (P, 3) uint8, the pixels of all images.
        crops: V crops, on the host.
        size: Height and width of the views.
        name: Name of the filter.

    Returns:
        (V, 3, height, width) uint8 on the device of the pixels.
    """
    from .resampling_kernels import columns_kernel, rows_kernel

    num, (height, width) = len(crops.boxes), size
    views = pixels.new_empty(num, 3, height, width)
    if not num:
        return views
    top, left, rows, columns = crops.boxes.unbind(1)
    first = crops.starts + top * crops.widths + left
    begin = rows.cumsum(0) - rows
    table = torch.stack(
        [first, crops.widths, rows, columns, crops.flips.long(), begin], 1
    )
    blocks = blocks_of(torch.arange(num), rows, ROWS_TILE['BLOCK_R'])
    num_programs = len(blocks)
    table, blocks = transferred([table, blocks], pixels.device)
    lines = pixels.new_empty(int(rows.sum()), 3, width)
    weights = dict(FILTER=name, SUPPORT=FILTERS[name].support)
    with torch.cuda.device_of(pixels):
        rows_kernel[(num_programs, -(-width // ROWS_TILE['BLOCK_W']))](
            *(pixels, table, blocks, lines, width), **weights, **ROWS_TILE
        )
        columns_kernel[
            (
                num * -(-height // COLUMNS_TILE['BLOCK_H']),
                -(-3 * width // COLUMNS_TILE['BLOCK_W']),
            )
        ](*(lines, table, views, height, width), **weights, **COLUMNS_TILE)
    return views
