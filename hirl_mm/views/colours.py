"""Changes of colour of 8-bit pixels, rounded as in Pillow and MMCV.

Pixels are (..., 3, N) float32, whole numbers from 0 to 255. Factors broadcast
to them.
"""

import torch
from torch import Tensor


def blended(x: Tensor, other: Tensor | float, factor: Tensor) -> Tensor:
    """Return ``other + factor * (x - other)``, cut to 8 bits.

    Args:
        x: (..., 3, N) pixels.
        other: Image that is returned at factor 0.
        factor: float32, 1 returns ``x``.
    """
    return ((x - other) * factor).add_(other).clamp_(0, 255).floor_()


def luma(x: Tensor, red: int) -> Tensor:
    """Return Pillow's grey image (..., 1, N), whole numbers from 0 to 255.

    The integers below are less than 2^24, so float32 is exact.

    Args:
        x: (..., 3, N) pixels.
        red: Channel that is red, 0 or 2.
    """
    r, g, b = x[..., red, :], x[..., 1, :], x[..., 2 - red, :]
    total = (r * 19595).add_(g * 38470).add_(b * 7471).add_(0x8000)
    return total.mul_(2**-16).floor_().unsqueeze(-2)


def weighted_grey(x: Tensor, weights: tuple[float, float, float]) -> Tensor:
    """Return MMCV's ``RandomGrayscale``, (..., 1, N).

    It rounds down a sum in float64, where a grey pixel may end below its
    value; float32 would round other pixels.

    Args:
        x: (..., 3, N) pixels.
        weights: Weights of the channels in their order in memory.
    """
    # PyTorch's MPS has no float64.
    dtype = torch.float32 if x.device.type == 'mps' else torch.float64
    first, second, third = (w / sum(weights) for w in weights)
    wide = x.to(dtype)
    total = wide[..., 0, :] * first
    total = total.add_(wide[..., 1, :] * second)
    total = total.add_(wide[..., 2, :] * third)
    return total.floor_().to(x.dtype).unsqueeze(-2)


def solarized(x: Tensor, threshold: Tensor) -> Tensor:
    """Return pixels whose values from the threshold on are inverted."""
    return torch.where(x < threshold, x, 255 - x)
