"""Gaussian blur by three box filters, as in Pillow."""

import torch
from torch import Tensor

NUM_PASSES = 3
# Numbers that are blurred at a time on the CPU, so that they stay in a cache.
_CPU_NUMBERS = 2**18


def box_weights(radii: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the box whose threefold use blurs with a standard deviation.

    The box has ``2 reach + 1`` equal weights and a smaller one on each side,
    so that its variance is a third of the whole, see `Gwosdek et al.
    <https://www.mia.uni-saarland.de/Publications/gwosdek-ssvm11.pdf>`_.
    Pillow computes it in float32 and the weights as integers.

    Args:
        radii: (V,) standard deviations in pixels, on the host.

    Returns:
        Reach, inner weight and weight of the two edges in units of 2^-24,
        (V,) int64.
    """
    variance = (radii.double() ** 2 / NUM_PASSES).float()
    length = (12 * variance.double() + 1).sqrt().float()
    reach = ((length - 1) / 2).floor()
    edge = (2 * reach + 1) * (reach * (reach + 1) - 3 * variance)
    edge = edge / (6 * (variance - (reach + 1) ** 2))
    radius = reach + edge
    whole = radius.long()
    inner = (2**24 / (2 * radius + 1)).long()
    outer = (2**24 - (2 * whole + 1) * inner) // 2
    return whole, inner, outer


def blur_by_passes(views: Tensor, radii: Tensor) -> None:
    """Blur views in place: three boxes along the rows, then the columns.

    Every box repeats the pixels at the borders and rounds to 8 bits. Integers
    make this equal to Pillow.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        radii: (V,) standard deviations in pixels on the host; 0 for a view
            that stays as it is.
    """
    reaches, inner, outer = box_weights(radii)
    group = max(1, len(views))
    if views.device.type == 'cpu':
        group = max(1, _CPU_NUMBERS // max(1, views[:1].numel()))
    for reach in set(reaches[radii > 0].tolist()):
        rows = ((reaches == reach) & (radii > 0)).nonzero()[:, 0]
        weights = torch.stack([inner[rows], outer[rows]]).int()
        weights = weights.to(views.device)[..., None, None, None]
        rows = rows.to(views.device)
        parts = zip(rows.split(group), weights.split(group, 1), strict=True)
        for part, (inside, edge) in parts:
            # From -128 on, so that all sums of products fit in 31 bits.
            x = views[part].int().sub_(128)
            for axis in (3, 2):
                for _ in range(NUM_PASSES):
                    x = _box(x, axis, reach, inside, edge)
            views[part] = x.add_(128).to(torch.uint8)


def _box(
    x: Tensor, axis: int, reach: int, inner: Tensor, outer: Tensor
) -> Tensor:
    """Filter along an axis, (n, 3, H, W) int32 from -128 to 127."""
    length, pad = x.size(axis), reach + 1
    first, last = x.narrow(axis, 0, 1), x.narrow(axis, length - 1, 1)
    padded = torch.cat([first] * pad + [x] + [last] * pad, axis)
    total = padded.narrow(axis, 1, length)
    for i in range(2, 2 * reach + 2):
        total = total + padded.narrow(axis, i, length)
    edges = padded.narrow(axis, 0, length)
    edges = edges + padded.narrow(axis, 2 * pad, length)
    # The weights have a sum just below 2^24, and 128 is subtracted from x.
    lost = (2**24 - (2 * reach + 1) * inner - 2 * outer) * 128
    total = (total * inner).add_(edges.mul_(outer)).sub_(lost)
    return total.add_(2**23) >> 24
