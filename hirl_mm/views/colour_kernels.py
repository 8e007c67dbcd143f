"""Triton kernels of :mod:`.triton_colours`; imported only there.

Pixels are whole numbers from 0 to 255 in float32, and every operation rounds
as in :mod:`.colours`. No products are fused with sums (``enable_fp_fusion``),
so that the results are those of Pillow.
"""

import triton
import triton.language as tl

from . import colour_program as ops

BRIGHTNESS = tl.constexpr(ops.BRIGHTNESS)
CONTRAST = tl.constexpr(ops.CONTRAST)
SATURATION = tl.constexpr(ops.SATURATION)
HUE = tl.constexpr(ops.HUE)
GREY = tl.constexpr(ops.GREY)
SOLARIZE = tl.constexpr(ops.SOLARIZE)


@triton.jit
def _cut(x):
    return tl.floor(tl.minimum(tl.maximum(x, 0), 255))


@triton.jit
def _luma(r, g, b):
    total = r * 19595 + g * 38470 + b * 7471 + 32768
    return tl.floor(total * (1 / 65536))


@triton.jit
def _hue_shifted(r, g, b, shift):
    """Shift the hue; see :mod:`.hue`."""
    value = tl.maximum(tl.maximum(r, g), b)
    spread = value - tl.minimum(tl.minimum(r, g), b)
    divisor = tl.maximum(spread, 1)
    red = tl.div_rn(value - r, divisor).to(tl.float64)
    green = tl.div_rn(value - g, divisor).to(tl.float64)
    blue = tl.div_rn(value - b, divisor).to(tl.float64)
    sixths = tl.where(
        r == value,
        blue - green,
        tl.where(g == value, 2 + red - blue, 4 + green - red),
    ).to(tl.float32)
    turns = tl.div_rn(sixths, tl.full(sixths.shape, 6, tl.float32))
    turns -= tl.floor(turns)
    hue = tl.floor(turns * 255) + shift
    hue = tl.where(hue >= 256, hue - 256, hue)
    share = tl.floor(tl.div_rn(spread, tl.maximum(value, 1)) * 255)
    most = tl.full(share.shape, 255, tl.float32)
    share = tl.div_rn(share, most)
    place = tl.div_rn(hue * 6, most)
    r = _channel(2 - tl.abs(place - 3), share, value)
    g = _channel(tl.abs(place - 2) - 1, share, value)
    b = _channel(tl.abs(place - 4) - 1, share, value)
    return r, g, b


@triton.jit
def _channel(depth, share, value):
    depth = tl.minimum(tl.maximum(depth, 0), 1)
    return tl.floor(value * (1 - depth * share) + 0.5)


@triton.jit
def _weighted_grey(r, g, b, weight_ptr, BGR: tl.constexpr):
    """Weighted mean in float64, in the order of the channels in memory."""
    if BGR:
        first, third = b, r
    else:
        first, third = r, b
    first = tl.load(weight_ptr) * first.to(tl.float64)
    second = tl.load(weight_ptr + 1) * g.to(tl.float64)
    third = tl.load(weight_ptr + 2) * third.to(tl.float64)
    return tl.floor(first + second + third).to(tl.float32)


@triton.jit
def _operation(r, g, b, code, value, mean, weight_ptr, BGR: tl.constexpr):
    """Do the operation of a code, see :mod:`.colour_program`."""
    if code == BRIGHTNESS:
        r, g, b = _cut(r * value), _cut(g * value), _cut(b * value)
    elif code == CONTRAST:
        r = _cut((r - mean) * value + mean)
        g = _cut((g - mean) * value + mean)
        b = _cut((b - mean) * value + mean)
    elif code == SATURATION:
        grey = _luma(r, g, b)
        r = _cut((r - grey) * value + grey)
        g = _cut((g - grey) * value + grey)
        b = _cut((b - grey) * value + grey)
    elif code == HUE:
        r, g, b = _hue_shifted(r, g, b, value)
    elif code == GREY:
        grey = _weighted_grey(r, g, b, weight_ptr, BGR)
        r, g, b = grey, grey, grey
    elif code == SOLARIZE:
        r = tl.where(r < value, r, 255 - r)
        g = tl.where(g < value, g, 255 - g)
        b = tl.where(b < value, b, 255 - b)
    return r, g, b


@triton.jit
def _place(pixel_ptr, view_ptr, block_ptr, pixel_stride, BLOCK: tl.constexpr):
    """Return the view of a program, its pixels, and which of them exist."""
    view = tl.load(block_ptr + 2 * tl.program_id(0))
    pixel = tl.load(block_ptr + 2 * tl.program_id(0) + 1)
    pixel += tl.arange(0, BLOCK)
    start = tl.load(view_ptr + 2 * view)
    wanted = pixel < tl.load(view_ptr + 2 * view + 1)
    return view, pixel_ptr + start + pixel * pixel_stride, wanted


@triton.jit
def _loaded(place, channel_stride, wanted, BGR: tl.constexpr):
    first = tl.load(place, wanted, 0).to(tl.float32)
    g = tl.load(place + channel_stride, wanted, 0).to(tl.float32)
    third = tl.load(place + 2 * channel_stride, wanted, 0).to(tl.float32)
    if BGR:
        return third, g, first
    else:
        return first, g, third


@triton.jit
def grey_sum_kernel(
    pixel_ptr,
    view_ptr,
    block_ptr,
    code_ptr,
    value_ptr,
    contrast_ptr,
    weight_ptr,
    sum_ptr,
    channel_stride,
    pixel_stride,
    num_codes,
    BGR: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Sum Pillow's grey image of views just before their contrast changes.

    pixel: uint8. view (V, 2) int64: where a view begins, and how many pixels
    it has. block (N, 2) int32: view and first pixel of a program. code and
    value (V, num_codes): the operations. contrast (V,) int32: number of the
    operation that is a contrast. sum (V,) int64: added to.
    """
    view, place, wanted = _place(
        pixel_ptr, view_ptr, block_ptr, pixel_stride, BLOCK
    )
    r, g, b = _loaded(place, channel_stride, wanted, BGR)
    for i in range(0, tl.load(contrast_ptr + view)):
        code = tl.load(code_ptr + view * num_codes + i)
        value = tl.load(value_ptr + view * num_codes + i)
        r, g, b = _operation(r, g, b, code, value, 0.0, weight_ptr, BGR)
    grey = tl.where(wanted, _luma(r, g, b), 0).to(tl.int32)
    tl.atomic_add(sum_ptr + view, tl.sum(grey).to(tl.int64), sem='relaxed')


@triton.jit
def colours_kernel(
    pixel_ptr,
    view_ptr,
    block_ptr,
    code_ptr,
    value_ptr,
    weight_ptr,
    sum_ptr,
    channel_stride,
    pixel_stride,
    num_codes,
    BGR: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Do all operations of some pixels; see :func:`grey_sum_kernel`."""
    view, place, wanted = _place(
        pixel_ptr, view_ptr, block_ptr, pixel_stride, BLOCK
    )
    total = tl.load(sum_ptr + view).to(tl.float64)
    num = tl.load(view_ptr + 2 * view + 1).to(tl.float64)
    mean = tl.floor(total / num + 0.5).to(tl.float32)
    r, g, b = _loaded(place, channel_stride, wanted, BGR)
    for i in range(0, num_codes):
        code = tl.load(code_ptr + view * num_codes + i)
        value = tl.load(value_ptr + view * num_codes + i)
        r, g, b = _operation(r, g, b, code, value, mean, weight_ptr, BGR)
    if BGR:
        first, third = b, r
    else:
        first, third = r, b
    tl.store(place, first.to(tl.uint8), wanted)
    tl.store(place + channel_stride, g.to(tl.uint8), wanted)
    tl.store(place + 2 * channel_stride, third.to(tl.uint8), wanted)
