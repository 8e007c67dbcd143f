"""Changes of colour of all views, in plain PyTorch."""

import torch
from torch import Tensor

from . import colour_program as ops
from .colour_program import ColourProgram
from .colours import blended, luma, solarized, weighted_grey
from .hue import shifted_hue

# Numbers that are changed at a time on the CPU, so that they stay in a cache.
_CPU_NUMBERS = 2**18


def change_colours(views: Tensor, program: ColourProgram, bgr: bool) -> None:
    """Change the colours of views of one size in place.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        program: The operations of V views.
        bgr: Whether the channels are blue, green, red.
    """
    pixels = views.flatten(2)
    group = len(views)
    if views.device.type == 'cpu':
        group = max(1, _CPU_NUMBERS // max(1, pixels[:1].numel()))
    parts = zip(
        pixels.split(group),
        program.codes.split(group),
        program.values.split(group),
        strict=True,
    )
    for part, codes, values in parts:
        changed = codes.any(1).nonzero()[:, 0]
        if not len(changed):
            continue
        rows = None if len(changed) == len(part) else changed.to(views.device)
        x = (part if rows is None else part[rows]).float()
        for code, value in zip(
            codes[changed].T, values[changed].T, strict=True
        ):
            x = _operation(x, code, value, program.grey_weights, bgr)
        x = x.to(torch.uint8)
        if rows is None:
            part.copy_(x)
        else:
            part[rows] = x


def _operation(
    x: Tensor,
    codes: Tensor,
    values: Tensor,
    weights: tuple[float, float, float],
    bgr: bool,
) -> Tensor:
    """Do one operation on each view, (n, 3, N) float32, codes (n,)."""
    for code in set(codes.tolist()) - {ops.NOTHING}:
        rows = (codes == code).nonzero()[:, 0]
        value = values[rows].to(x.device)[:, None, None]
        if len(rows) == len(x):
            x = _change(x, code, value, weights, bgr)
        else:
            rows = rows.to(x.device)
            x[rows] = _change(x[rows], code, value, weights, bgr)
    return x


def _change(
    x: Tensor,
    code: int,
    value: Tensor,
    weights: tuple[float, float, float],
    bgr: bool,
) -> Tensor:
    """Return pixels (n, 3, N) after one operation, value (n, 1, 1)."""
    red = 2 if bgr else 0
    if code == ops.BRIGHTNESS:
        return blended(x, 0.0, value)
    if code == ops.CONTRAST:
        mean = luma(x, red).mean(2, keepdim=True, dtype=torch.float64)
        return blended(x, mean.add_(0.5).floor_().float(), value)
    if code == ops.SATURATION:
        return blended(x, luma(x, red), value)
    if code == ops.HUE:
        if bgr:
            return shifted_hue(x.flip(-2), value).flip(-2)
        return shifted_hue(x, value)
    if code == ops.GREY:
        return weighted_grey(x, weights).expand_as(x)
    return solarized(x, value)


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
    lengths = sizes.prod(1).tolist()
    for i, part in enumerate(pixels.split(lengths)):
        one = part.T[None, :, :, None].contiguous()
        program_of_one = ColourProgram(
            program.codes[i : i + 1],
            program.values[i : i + 1],
            program.grey_weights,
        )
        change_colours(one, program_of_one, bgr)
        part.copy_(one[0, :, :, 0].T)
