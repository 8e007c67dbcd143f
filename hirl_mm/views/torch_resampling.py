"""Crops of different sizes resized in batches, in plain PyTorch."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from .crops import Crops
from .filters import num_taps, taps

# Numbers of the largest intermediate tensor. Views are resized in groups.
_MOST_NUMBERS = 2**26


def resample_one_by_one(
    pixels: Tensor, crops: Crops, size: tuple[int, int], name: str
) -> Tensor:
    """Resize crops on the CPU.

    PyTorch resizes uint8 images there several times faster than floating
    point ones, but needs images of one size.

    Args:
        pixels: (P, 3) uint8, the pixels of all images.
        crops: V crops.
        size: Height and width of the views.
        name: ``'bilinear'`` or ``'bicubic'``.

    Returns:
        (V, 3, height, width) uint8.
    """
    views = pixels.new_empty(len(crops.boxes), 3, *size)
    flipped = crops.flips.tolist()
    places = zip(
        crops.starts.tolist(),
        crops.widths.tolist(),
        crops.boxes.tolist(),
        strict=True,
    )
    for i, (start, width, (top, left, rows, columns)) in enumerate(places):
        first = start + top * width
        lines = pixels[first : first + (rows - 1) * width + left + columns]
        crop = lines.as_strided(
            (1, 3, rows, columns),
            (0, 1, 3 * width, 3),
            lines.storage_offset() + 3 * left,
        )
        resized = interpolate(crop, size, mode=name, antialias=True)[0]
        views[i] = resized.flip(-1) if flipped[i] else resized
    return views


def resample_batched(
    pixels: Tensor, crops: Crops, size: tuple[int, int], name: str
) -> Tensor:
    """Resize crops by a loop over taps, for all rows and columns at once.

    Rows are resized first and rounded, as in Pillow. The rows of all crops lie
    one after the other, so that a large image does not make the others large.

    Args:
        pixels: (P, 3) uint8, the pixels of all images.
        crops: V crops.
        size: Height and width of the views.
        name: Name of the filter.

    Returns:
        (V, 3, height, width) uint8.
    """
    numbers = 3 * size[1] * crops.boxes[:, 2].cumsum(0)
    group = numbers // _MOST_NUMBERS
    views = [
        _resample_group(pixels, part, size, name)
        for part in crops.split(group.bincount().tolist())
    ]
    return torch.cat(views) if views else pixels.new_empty(0, 3, *size)


def _resample_group(
    pixels: Tensor, crops: Crops, size: tuple[int, int], name: str
) -> Tensor:
    height, width = size
    num_rows = int(crops.boxes[:, 2].sum())
    num = [
        num_taps(crops.boxes[:, axis], length, name)
        for axis, length in ((2, height), (3, width))
    ]
    here = crops.to(pixels.device)
    top, left, extent_y, extent_x = here.boxes.unbind(1)
    view = torch.repeat_interleave(extent_y, output_size=num_rows)
    # Row of `lines` where every view begins.
    begin = extent_y.cumsum(0) - extent_y
    row = top[view] + torch.arange(num_rows, device=view.device) - begin[view]
    base = here.starts[view] + row * here.widths[view] + left[view]

    first, weights = taps(extent_x, width, name, num[1])
    mirrored = here.flips[:, None]
    first = torch.where(mirrored, first.flip(1), first)
    weights = torch.where(mirrored[..., None], weights.flip(1), weights)
    lines = pixels.new_zeros(num_rows, width, 3, dtype=torch.float32)
    for i, weight in enumerate(weights.float().unbind(2)):
        tap = torch.minimum(first + i, extent_x[:, None] - 1)
        values = pixels[base[:, None] + tap[view]]
        lines.addcmul_(weight[view][..., None], values)
    lines = _rounded(lines)

    first, weights = taps(extent_y, height, name, num[0])
    views = pixels.new_zeros(
        len(extent_y), height, width, 3, dtype=torch.float32
    )
    for i, weight in enumerate(weights.float().unbind(2)):
        tap = torch.minimum(first + i, extent_y[:, None] - 1)
        values = lines[begin[:, None] + tap]
        views.addcmul_(weight[..., None, None], values)
    return _rounded(views).permute(0, 3, 1, 2).contiguous()


def _rounded(values: Tensor) -> Tensor:
    return values.add_(0.5).clamp_(0, 255).to(torch.uint8)
