"""Filters of antialiased resizing, and the taps of every output pixel."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


def _bilinear(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _bicubic(x: Tensor) -> Tensor:
    x = x.abs()
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))


def _lanczos(x: Tensor) -> Tensor:
    return torch.where(x.abs() < 3, x.sinc() * (x / 3).sinc(), 0.0)


class Filter(NamedTuple):
    """A filter and its half width.

    Attributes:
        weight: Function of distances in output pixels (input pixels where the
            image grows).
        support: Distance beyond which the weight is 0.
    """

    weight: Callable[[Tensor], Tensor]
    support: int


# The filters of Pillow; its bicubic one has a = -0.5.
FILTERS = dict(
    bilinear=Filter(_bilinear, 1),
    bicubic=Filter(_bicubic, 2),
    lanczos=Filter(_lanczos, 3),
)


def num_taps(extents: Tensor, size: int, name: str) -> int:
    """Return how many input pixels an output pixel may depend on.

    Args:
        extents: (V,) number of pixels of every crop along an axis, at least
            one crop, on the host.
        size: Number of output pixels.
        name: Name of the filter.
    """
    scale = max(int(extents.max()) / size, 1)
    # An interval of length x holds at most floor(x) + 1 whole numbers.
    most = 2 * FILTERS[name].support * scale + 1
    return min(int(most), int(extents.max()))


def taps(
    extents: Tensor, size: int, name: str, num: int
) -> tuple[Tensor, Tensor]:
    """Return the first tap of every output pixel and the weights of the taps.

    Pillow computes them so: pixels beyond the crop have no weight, and the
    weights of an output pixel have the sum 1.

    Args:
        extents: (V,) number of pixels of every crop along an axis.
        size: Number of output pixels.
        name: Name of the filter.
        num: Number of taps T, from :func:`num_taps`.

    Returns:
        First taps (V, size) int64, and weights (V, size, T) float64.
    """
    weight, support = FILTERS[name]
    scale = extents.double()[:, None] / size
    stretch = scale.clamp(min=1)
    output = torch.arange(size, device=extents.device)
    centre = (output + 0.5) * scale
    # Casts to integers cut towards zero, as in Pillow.
    first = (centre - support * stretch + 0.5).long().clamp(min=0)
    last = (centre + support * stretch + 0.5).long()
    last = torch.minimum(last, extents[:, None])
    tap = first[..., None] + torch.arange(num, device=extents.device)
    weights = weight((tap - centre[..., None] + 0.5) / stretch[..., None])
    weights = torch.where(tap < last[..., None], weights, 0.0)
    return first, weights / weights.sum(2, keepdim=True)
