"""Rotations of queries and keys by the place of their patch, as in DINOv3."""

from functools import lru_cache

import torch
from torch import Tensor

_BASE = 100.0
_KEPT = 64


def rotation_table(
    grid: tuple[int, int],
    channels: int,
    num_before: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    """Return cosines and sines of the angles that tokens are rotated by.

    Patch (i, j) of H x W has the coordinates y = 2 (i + 0.5) / H - 1 and
    x = 2 (j + 0.5) / W - 1, so that images of any size cover the same range.
    Its angles are 2 pi y / p_k and 2 pi x / p_k with the periods
    p_k = 100^(k / n), k = 0 ... n - 1, n = d / 4. Tokens before the patches
    are not rotated. The angles are computed in float64.

    The table is kept for the next call with the same arguments; a graph of
    ``torch.compile``, whose sizes may vary, computes it once per step.

    Paper: https://arxiv.org/abs/2508.10104

    Args:
        grid: H and W, the numbers of rows and columns of patches.
        channels: d, the channels of an attention head, a multiple of 4.
        num_before: R, the number of tokens before the patches: the class
            token and register tokens.
        device: Device of the table.
        dtype: Type of the table.

    Returns:
        (2, R + H W, d): the cosines, then the sines. The second half of the
        channels repeats the first.
    """
    if torch.compiler.is_compiling():
        return _computed(grid, channels, num_before, device).to(dtype)
    return _kept(grid, channels, num_before, device, dtype)


@lru_cache(maxsize=_KEPT)
def _kept(
    grid: tuple[int, int],
    channels: int,
    num_before: int,
    device: torch.device,
    dtype: torch.dtype,
) -> Tensor:
    # A tensor of inference mode could not be used by a later training step.
    # Not all devices have float64.
    with torch.inference_mode(False):
        table = _computed(grid, channels, num_before, torch.device('cpu'))
        return table.to(device=device, dtype=dtype)


def _computed(
    grid: tuple[int, int],
    channels: int,
    num_before: int,
    device: torch.device,
) -> Tensor:
    """Return the table in float64."""
    height, width = grid
    count = channels // 4
    rows, columns = _centred(height, device), _centred(width, device)
    rows = rows[:, None].expand(height, width)
    columns = columns[None, :].expand(height, width)
    places = torch.stack([rows, columns], dim=2).flatten(0, 1)
    exponents = torch.arange(count, dtype=torch.float64, device=device) / count
    angles = 2 * torch.pi * places[:, :, None] / _BASE**exponents
    angles = angles.flatten(1).repeat(1, 2)
    before = angles.new_zeros(num_before, channels)
    angles = torch.cat([before, angles])
    return torch.stack([angles.cos(), angles.sin()])


def _centred(size: int, device: torch.device) -> Tensor:
    """Centres of ``size`` cells that divide -1 to 1."""
    cells = torch.arange(size, dtype=torch.float64, device=device)
    return 2 * (cells + 0.5) / size - 1


def rotated(x: Tensor, table: Tensor) -> Tensor:
    """Rotate queries or keys by the places of their tokens.

    Channels k and k + d / 2 are the two coordinates of a plane that is
    rotated by angle k of the token. The rotation is computed in the type of
    the table.

    Args:
        x: (..., L, d) queries or keys of L tokens.
        table: (2, L, d), see :func:`rotation_table`.

    Returns:
        (..., L, d), of the type of ``x``.
    """
    cosines, sines = table.unbind()
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return (x * cosines + turned * sines).to(x.dtype)
