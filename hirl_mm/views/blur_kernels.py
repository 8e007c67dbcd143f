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

    A program blurs whole lines, in place in out after the first box, so that
    the boxes read what is in the caches. Loads are several times fewer
    instructions than ``tl.gather``, which becomes shuffles.
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
    size = across.to(tl.int64) * length
    source = (tl.load(row + in_column) * 3 + plane % 3) * size
    target = (tl.load(row + out_column) * 3 + plane % 3) * size
    source_line = in_ptr + source + line[:, None] * line_stride
    target_line = out_ptr + target + line[:, None] * line_stride
    for _ in tl.static_range(3):
        total = _moved(source_line, pixel, 0, length, step, wanted)
        for i in range(1, reach + 1):
            total += _moved(source_line, pixel, -i, length, step, wanted)
            total += _moved(source_line, pixel, i, length, step, wanted)
        far = reach + 1
        edges = _moved(source_line, pixel, -far, length, step, wanted)
        edges += _moved(source_line, pixel, far, length, step, wanted)
        blurred = (total * inner + edges * outer + 8388608) >> 24
        # A box reads what other threads have written, and writes there.
        tl.debug_barrier()
        tl.store(
            target_line + pixel[None, :] * step, blurred.to(tl.uint8), wanted
        )
        tl.debug_barrier()
        source_line = target_line


@triton.jit
def _moved(line, pixel, shift, length, step, wanted):
    """Pixels of lines at other places, the border repeated."""
    place = tl.minimum(tl.maximum(pixel + shift, 0), length - 1)
    return tl.load(line + place[None, :] * step, wanted, 0).to(tl.uint32)
