"""Gaussian blur by three box filters, as in Pillow."""

import torch
from torch import Tensor

NUM_PASSES = 3


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


def blur(views: Tensor, radii: Tensor) -> None:
    """Blur views in place: three boxes along the rows, then the columns.

    Every box repeats the pixels at the borders and rounds to 8 bits.

    Args:
        views: (V, 3, H, W) uint8, contiguous.
        radii: (V,) standard deviations in pixels on the host; 0 for a view
            that stays as it is.
    """
    reach, inner, outer = box_weights(radii)
    for whole in reach.unique().tolist():
        rows = ((reach == whole) & (radii > 0)).nonzero()[:, 0]
        group = len(rows)
        if views.device.type == 'cpu':
            group = max(1, 2**18 // max(1, views[:1].numel()))
        for part in rows.split(max(group, 1)):
            if not len(part):
                continue
            there = part.to(views.device)
            weights = torch.stack([inner[part], outer[part]]).float() * 2**-24
            weights = weights.to(views.device)[..., None, None, None]
            x = views[there].float()
            for axis in (3, 2):
                for _ in range(NUM_PASSES):
                    x = _box(x, axis, whole, *weights)
            views[there] = x.to(torch.uint8)


def _box(
    x: Tensor, axis: int, reach: int, inner: Tensor, outer: Tensor
) -> Tensor:
    """Filter along an axis, (n, 3, H, W) float32 of whole numbers."""
    length, pad = x.size(axis), reach + 1
    first = x.narrow(axis, 0, 1)
    last = x.narrow(axis, length - 1, 1)
    padded = torch.cat([first] * pad + [x] + [last] * pad, axis)
    middle = padded.narrow(axis, 1, length)
    total = middle.clone()
    for i in range(1, 2 * reach + 1):
        total += padded.narrow(axis, 1 + i, length)
    edges = padded.narrow(axis, 0, length) + padded.narrow(
        axis, 2 * pad, length
    )
    total = (total * inner).add_(edges.mul_(outer))
    return total.add_(0.5).floor_()
