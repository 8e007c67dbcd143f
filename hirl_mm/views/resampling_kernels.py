"""Triton kernels of :mod:`.triton_resampling`; imported only there."""

import triton
import triton.language as tl


@triton.jit
def _sine(turns):
    """Sine of half turns, ``sin(pi x)``, by its series around whole ones.

    The library's sine needs a stack for its large arguments. The error is
    below 1e-7.
    """
    whole = tl.floor(turns + 0.5)
    x = turns - whole
    y = x * x
    series = -0.0073704309 * y + 0.0821458866
    series = series * y - 0.5992645293
    series = series * y + 2.5501640399
    series = series * y - 5.1677127800
    series = series * y + 3.1415926536
    odd = whole - 2 * tl.floor(whole / 2)
    return x * series * (1 - 2 * odd)


@triton.jit
def _weight(x, FILTER: tl.constexpr):
    """Weight of a filter at a distance, see :mod:`.filters`."""
    x = tl.abs(x)
    if FILTER == 'bilinear':
        return tl.maximum(1 - x, 0)
    if FILTER == 'bicubic':
        near = (1.5 * x - 2.5) * x * x + 1
        far = ((-0.5 * x + 2.5) * x - 4) * x + 2
        return tl.where(x < 1, near, tl.where(x < 2, far, 0))
    # 3 / pi^2
    product = _sine(x) * _sine(x / 3) * 0.3039635509 / tl.maximum(x * x, 1e-9)
    return tl.where(x < 3, tl.where(x < 1e-4, 1, product), 0)


@triton.jit
def _taps(output, extent, size, SUPPORT: tl.constexpr):
    """Taps of output pixels.

    Returns the first one and the last one but one, the distance of the first
    one from the centre, in float32, how far the filter is stretched, and how
    many taps there may be.
    """
    scale = extent.to(tl.float64) / size
    stretch = tl.maximum(scale, 1)
    centre = (output + 0.5) * scale
    reach = SUPPORT * stretch
    first = tl.maximum((centre - reach + 0.5).to(tl.int32), 0)
    last = tl.minimum((centre + reach + 0.5).to(tl.int32), extent)
    distance = (first - centre + 0.5).to(tl.float32)
    num = tl.minimum((2 * reach).to(tl.int32) + 1, extent)
    return first, last, distance, stretch.to(tl.float32), num


@triton.jit
def rows_kernel(
    pixel_ptr,
    view_ptr,
    block_ptr,
    line_ptr,
    width,
    FILTER: tl.constexpr,
    SUPPORT: tl.constexpr,
    BLOCK_R: tl.constexpr,
    BLOCK_W: tl.constexpr,
):
    """Resize some rows of a crop, and mirror them.

    pixel (P, 3) uint8. view (V, 6) int64: first pixel of the crop, pixels from
    row to row, height and width of the crop, whether it is mirrored, and its
    first line. block (N, 2) int32: view and first row of a program. line
    (R, 3, width) uint8: the rows of all crops.
    """
    view = tl.load(block_ptr + 2 * tl.program_id(0))
    first_row = tl.load(block_ptr + 2 * tl.program_id(0) + 1)
    start = tl.load(view_ptr + 6 * view)
    stride = tl.load(view_ptr + 6 * view + 1)
    height = tl.load(view_ptr + 6 * view + 2).to(tl.int32)
    extent = tl.load(view_ptr + 6 * view + 3).to(tl.int32)
    mirrored = tl.load(view_ptr + 6 * view + 4)
    begin = tl.load(view_ptr + 6 * view + 5)

    column = tl.program_id(1) * BLOCK_W + tl.arange(0, BLOCK_W)
    row = first_row + tl.arange(0, BLOCK_R)
    wanted = (row < height)[:, None] & (column < width)[None, :]
    tap, last, distance, stretch, num = _taps(column, extent, width, SUPPORT)
    base = pixel_ptr + 3 * (start + row * stride)
    a = tl.zeros((BLOCK_R, BLOCK_W), tl.float32)
    b = tl.zeros((BLOCK_R, BLOCK_W), tl.float32)
    c = tl.zeros((BLOCK_R, BLOCK_W), tl.float32)
    total = tl.zeros((BLOCK_W,), tl.float32)
    for i in range(0, num):
        inside = tap + i < last
        weight = tl.where(inside, _weight((distance + i) / stretch, FILTER), 0)
        total += weight
        place = base[:, None] + 3 * (tap + i)[None, :]
        mask = wanted & inside[None, :]
        a += weight[None, :] * tl.load(place, mask, 0).to(tl.float32)
        b += weight[None, :] * tl.load(place + 1, mask, 0).to(tl.float32)
        c += weight[None, :] * tl.load(place + 2, mask, 0).to(tl.float32)
    column = tl.where(mirrored != 0, width - 1 - column, column)
    place = line_ptr + (begin + row)[:, None] * 3 * width + column[None, :]
    total = 1 / total[None, :]
    tl.store(place, _rounded(a * total), wanted)
    tl.store(place + width, _rounded(b * total), wanted)
    tl.store(place + 2 * width, _rounded(c * total), wanted)


@triton.jit
def _rounded(x):
    return tl.minimum(tl.maximum(x + 0.5, 0), 255).to(tl.uint8)


@triton.jit
def columns_kernel(
    line_ptr,
    view_ptr,
    out_ptr,
    height,
    width,
    FILTER: tl.constexpr,
    SUPPORT: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_W: tl.constexpr,
):
    """Resize the columns of the lines of a view; see :func:`rows_kernel`.

    out (V, 3, height, width) uint8. Neighbouring columns of the three channels
    are neighbours in a line.
    """
    num_blocks = tl.cdiv(height, BLOCK_H)
    view = tl.program_id(0) // num_blocks
    extent = tl.load(view_ptr + 6 * view + 2).to(tl.int32)
    begin = tl.load(view_ptr + 6 * view + 5)
    row = tl.program_id(0) % num_blocks * BLOCK_H + tl.arange(0, BLOCK_H)
    column = tl.program_id(1) * BLOCK_W + tl.arange(0, BLOCK_W)
    length = 3 * width
    wanted = (row < height)[:, None] & (column < length)[None, :]
    tap, last, distance, stretch, num = _taps(row, extent, height, SUPPORT)
    base = line_ptr + (begin + tap) * length
    x = tl.zeros((BLOCK_H, BLOCK_W), tl.float32)
    total = tl.zeros((BLOCK_H,), tl.float32)
    for i in range(0, num):
        inside = tap + i < last
        weight = tl.where(inside, _weight((distance + i) / stretch, FILTER), 0)
        total += weight
        place = (base + i * length)[:, None] + column[None, :]
        values = tl.load(place, wanted & inside[:, None], 0)
        x += weight[:, None] * values.to(tl.float32)
    x = _rounded(x * (1 / total)[:, None])
    channel = column // width
    place = out_ptr + (view.to(tl.int64) * 3 + channel[None, :]) * (
        height * width
    )
    place += row[:, None] * width + (column - channel * width)[None, :]
    tl.store(place, x, wanted)
