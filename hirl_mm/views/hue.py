"""Shift of the hue in 8-bit HSV, as in Pillow."""

import torch
from torch import Tensor


def shifted_hue(x: Tensor, shift: Tensor) -> Tensor:
    """Shift the hue of pixels.

    Every value is rounded down to 8 bits in HSV, and rounded in RGB, as in
    Pillow, whose conversion to HSV is that of
    `colorsys <https://docs.python.org/3/library/colorsys.html>`_. All 2^24
    colours become the same as there.

    Args:
        x: (..., 3, N) float32, whole numbers from 0 to 255, RGB.
        shift: Whole numbers from 0 to 255, broadcast to (..., 1, N).

    Returns:
        (..., 3, N) float32.
    """
    hue, saturation, value = to_hsv(x)
    return to_rgb((hue + shift).remainder_(256), saturation, value)


def to_hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hue, saturation and value (..., 1, N), from 0 to 255."""
    r, g, _ = x.split(1, -2)
    value = x.amax(-2, keepdim=True)
    spread = value - x.amin(-2, keepdim=True)
    # Distances of the channels from the highest one; 0 if all are equal.
    below = (value - x) / spread.clamp(min=1)
    # The sums below are rounded once, as in Pillow. MPS has no float64.
    wide = below if x.device.type == 'mps' else below.double()
    red, green, blue = wide.split(1, -2)
    sixths = torch.where(
        r == value,
        blue - green,
        torch.where(g == value, 2 + red - blue, 4 + green - red),
    )
    turns = sixths.to(x.dtype).div_(6)
    turns = turns.sub_(turns.floor())
    saturation = spread / value.clamp(min=1)
    return turns.mul_(255).floor_(), saturation.mul_(255).floor_(), value


def to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return RGB (..., 3, N) of hue, saturation and value (..., 1, N)."""
    # Red is lowest opposite of its hue, at 3 sixths of a turn. The others are
    # highest at their hues, at 2 and 4 sixths.
    place, sign, most = hue.new_tensor([[3, -1, 2], [2, 1, -1], [4, 1, -1]]).T
    depth = (hue * 6 / 255 - place[:, None]).abs_()
    depth = depth.mul_(sign[:, None]).add_(most[:, None]).clamp_(0, 1)
    share = saturation / 255
    return depth.mul_(share).neg_().add_(1).mul_(value).add_(0.5).floor_()
