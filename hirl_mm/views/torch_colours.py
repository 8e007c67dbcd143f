"""Changes of colour of all views, in plain PyTorch."""

from collections.abc import Callable

import torch
from torch import Tensor

from . import colour_program as ops
from .colour_program import ColourProgram
from .colours import blended, luma, solarized, weighted_grey
from .hue import shifted_hue
from .ragged_images import pixels_of

# Numbers that are changed at a time on the CPU, so that they stay in a cache.
_CPU_NUMBERS = 2**18


def change_dense(views: Tensor, program: ColourProgram, bgr: bool) -> None:
    """Change the colours of views of one size in place.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        program: The operations of V views.
        bgr: Whether the channels are blue, green, red.
    """
    if not len(views):
        return
    pixels = views.flatten(2)
    group = len(views)
    if views.device.type == 'cpu':
        group = max(1, _CPU_NUMBERS // pixels[0].numel())
    for part, operations in zip(
        pixels.split(group), program.split(group), strict=True
    ):
        changed = operations.codes.any(1).nonzero()[:, 0]
        if not len(changed):
            continue
        rows = changed.to(views.device)
        x = part[rows].float()
        for chosen, code, value in operations.operations(changed):
            value = value.to(x.device)[:, None, None]
            if len(chosen) == len(x):
                x = _change(x, code, value, program, bgr, _mean)
            else:
                chosen = chosen.to(x.device)
                y = _change(x[chosen], code, value, program, bgr, _mean)
                x[chosen] = y
        part[rows] = x.to(torch.uint8)


def change_ragged(
    pixels: Tensor, lengths: Tensor, program: ColourProgram, bgr: bool
) -> None:
    """Change the colours of images of any sizes in place.

    Args:
        pixels: (P, 3) uint8, the pixels of V images.
        lengths: (V,) number of pixels of each, on the host.
        program: The operations of V images.
        bgr: Whether the channels are blue, green, red.
    """
    if pixels.device.type == 'cpu':
        parts = pixels.split(lengths.tolist())
        for part, operations in zip(parts, program.split(1), strict=True):
            length = torch.tensor([len(part)])
            change_ragged_batched(part, length, operations, bgr)
    else:
        change_ragged_batched(pixels, lengths, program, bgr)


def change_ragged_batched(
    pixels: Tensor, lengths: Tensor, program: ColourProgram, bgr: bool
) -> None:
    """Do :func:`change_ragged` for all images at once."""
    starts = lengths.cumsum(0) - lengths
    x = pixels.T.float()
    for chosen, code, value in program.operations(torch.arange(len(starts))):
        index, owner = pixels_of(
            starts[chosen], lengths[chosen], pixels.device
        )
        value = value.to(pixels.device)[owner]
        number = lengths[chosen].to(pixels.device)

        def mean(
            grey: Tensor, owner: Tensor = owner, num: Tensor = number
        ) -> Tensor:
            total = torch.zeros_like(num).index_add_(0, owner, grey[0].long())
            return (total / num)[owner]

        x[:, index] = _change(x[:, index], code, value, program, bgr, mean)
    pixels.copy_(x.T)


def _mean(grey: Tensor) -> Tensor:
    return grey.mean(2, keepdim=True, dtype=torch.float64)


def _change(
    x: Tensor,
    code: int,
    value: Tensor,
    program: ColourProgram,
    bgr: bool,
    mean: Callable[[Tensor], Tensor],
) -> Tensor:
    """Do one operation.

    Args:
        x: (..., 3, N) float32.
        code: The operation.
        value: Its value, broadcast to (..., 1, N).
        program: Has the weights of ``GREY``.
        bgr: Whether the channels are blue, green, red.
        mean: Returns the means of the images of grey pixels (..., 1, N),
            broadcast to their shape.
    """
    red = 2 if bgr else 0
    if code == ops.BRIGHTNESS:
        return blended(x, 0.0, value)
    if code == ops.CONTRAST:
        middle = mean(luma(x, red)).add(0.5).floor().float()
        return blended(x, middle, value)
    if code == ops.SATURATION:
        return blended(x, luma(x, red), value)
    if code == ops.HUE:
        if bgr:
            return shifted_hue(x.flip(-2), value).flip(-2)
        return shifted_hue(x, value)
    if code == ops.GREY:
        return weighted_grey(x, program.grey_weights).expand_as(x)
    return solarized(x, value)
