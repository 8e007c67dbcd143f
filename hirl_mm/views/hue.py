"""Shift of the hue in 8-bit HSV, as in Pillow."""

import torch
from torch import Tensor


def shifted_hue(x: Tensor, shift: Tensor) -> Tensor:
    """Shift the hue of pixels.

    Every value is rounded down to 8 bits in HSV, and rounded in RGB, as Pillow
    does, which takes the conversion of
    `colorsys <https://docs.python.org/3/library/colorsys.html>`_. For all
    2^24 colours this is equal to Pillow in float32.

    Args:
        x: (..., 3, N) float32, whole numbers from 0 to 255, RGB.
        shift: Whole numbers from 0 to 255, broadcast to (..., 1, N).

    Returns:
        (..., 3, N) float32.
    """
    hue, saturation, value = _to_hsv(x)
    hue = (hue + shift).remainder_(256)
    return _to_rgb(hue, saturation, value)


def _to_hsv(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hue, saturation and value (..., 1, N), from 0 to 255."""
    r, g, b = x.split(1, -2)
    value = x.amax(-2, keepdim=True)
    spread = value - x.amin(-2, keepdim=True)
    spread_or_1 = spread.clamp(min=1)
    red, green, blue = ((value - x) / spread_or_1).split(1, -2)
    sixths = torch.where(
        r == value,
        blue - green,
        torch.where(g == value, 2 + red - blue, 4 + green - red),
    )
    turns = sixths.div_(6)
    turns = torch.where(turns < 0, turns + 1, turns)
    # Grey pixels have no spread: sixths and saturation are 0.
    hue = turns.mul_(255).floor_()
    saturation = (spread / value.clamp(min=1)).mul_(255).floor_()
    return hue, saturation, value


def _to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return RGB (..., 3, N) of hue, saturation and value (..., 1, N)."""
    sixths = hue * 6 / 255
    # Channel c falls and rises with its distance from its own hue.
    sector = sixths.floor()
    part = sixths.sub_(sector)
    share = saturation / 255
    p = (value * (1 - share)).add_(0.5).floor_()
    q = (value * (1 - share * part)).add_(0.5).floor_()
    t = (value * (1 - share * (1 - part))).add_(0.5).floor_()
    sector = sector.remainder_(6)
    channels = []
    for high in (0, 2, 4):
        # Sectors from that in which the channel is highest on: value, falling,
        # low, low, rising, value.
        s = (sector - high).remainder_(6)
        channel = torch.where(s == 1, q, torch.where(s == 4, t, p))
        channels.append(torch.where((s == 0) | (s == 5), value, channel))
    return torch.cat(channels, -2)
