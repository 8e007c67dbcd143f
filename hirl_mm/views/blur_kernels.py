"""Triton kernel of :mod:`.triton_blur`; imported only there."""

import triton
import triton.language as tl


@triton.jit
def boxes_kernel(
    in_ptr,
    out_ptr,
    view_ptr,
    in_column,
    out_column,
    across,
    length,
    line_stride,
    step,
    BLOCK_L: tl.constexpr,
    BLOCK_N: tl.constexpr,
):
    """Blur some lines of a view by three boxes, see :mod:`.box_blur`.

    in and out (., 3, H, W) uint8. view (n, 5) int32: numbers of the view in
    in and out, named by in_column and out_column, and reach, inner and outer
    weight of the box. A plane has ``across`` lines of ``length`` pixels;
    line_stride and step are elements from line to line and along a line.
    """
    num_blocks = tl.cdiv(across, BLOCK_L)
    plane = tl.program_id(0) // num_blocks
    row = view_ptr + 5 * (plane // 3)
    reach = tl.load(row + 2)
    inner = tl.load(row + 3).to(tl.uint32)
    outer = tl.load(row + 4).to(tl.uint32)
    line = tl.program_id(0) % num_blocks * BLOCK_L + tl.arange(0, BLOCK_L)
    pixel = tl.arange(0, BLOCK_N)
    wanted = (line < across)[:, None] & (pixel < length)[None, :]
    place = line[:, None] * line_stride + pixel[None, :] * step
    size = across.to(tl.int64) * length
    source = (tl.load(row + in_column) * 3 + plane % 3) * size
    x = tl.load(in_ptr + source + place, wanted, 0).to(tl.uint32)
    last = tl.zeros((BLOCK_L, BLOCK_N), tl.int32) + (length - 1)
    here = tl.zeros((BLOCK_L, BLOCK_N), tl.int32) + pixel[None, :]
    here = tl.minimum(here, last)
    for _ in tl.static_range(3):
        total = x
        for i in range(1, reach + 1):
            total += _moved(x, here - i, last) + _moved(x, here + i, last)
        edges = _moved(x, here - reach - 1, last)
        edges += _moved(x, here + reach + 1, last)
        x = (total * inner + edges * outer + 8388608) >> 24
    target = (tl.load(row + out_column) * 3 + plane % 3) * size
    tl.store(out_ptr + target + place, x.to(tl.uint8), wanted)


@triton.jit
def _moved(x, place, last):
    """Pixels of a line at other places, the border repeated."""
    return tl.gather(x, tl.minimum(tl.maximum(place, 0), last), 1)
