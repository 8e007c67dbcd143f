"""Fitting position embeddings to a network of another image size."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import isqrt
from typing import Any

from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn

from .relative_positions import TABLE, resize_table

Grid = tuple[int, int]
# Name of a parameter -> attribute of the same module with its grid.
_GRIDS = {'pos_embed': 'patch_resolution', TABLE: 'window_size'}
_SHARED = f'rel_pos_bias.{TABLE}'


def fit_positions(
    module: nn.Module, weights: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """Interpolate position embeddings to a network's grid of patches.

    Handles ``pos_embed``, (1, L, C), of MMPreTrain's vision transformers and
    the tables of relative position biases of BEiT, (D, H), which all blocks
    share during pre-training. If the network has no class token, the
    position of the class token is dropped. Embeddings without a square grid
    are not changed.

    Args:
        module: The network.
        weights: State dict with the network's names and no prefix.

    Returns:
        The state dict with fitted position embeddings, and one line per
        change for the log.
    """
    weights = _one_table_per_block(module, weights)
    done: Counter[str] = Counter()
    for name, owner in _owners(module):
        if name in weights:
            fit = _fit_table if name.endswith(TABLE) else _fit_embedding
            weights[name], what = fit(owner, weights[name])
            done.update([f'{name.split(".")[-1]} {what}'] if what else [])
    notes = [
        text if count == 1 else f'{text}, {count} times'
        for text, count in done.items()
    ]
    return weights, notes


def position_names(module: nn.Module) -> list[str]:
    """Return the names of the weights that depend on the image size."""
    return [name for name, _ in _owners(module)]


def _owners(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, child in module.named_modules():
        kind = _kind(child)
        if kind:
            yield f'{path}.{kind}'.lstrip('.'), child


def _kind(module: nn.Module) -> str | None:
    for kind, grid in _GRIDS.items():
        found = isinstance(getattr(module, kind, None), Tensor)
        if found and hasattr(module, grid):
            return kind
    return None


def _fit_embedding(owner: Any, value: Tensor) -> tuple[Tensor, str]:
    """Fit a ``pos_embed`` (1, L, C) to its module; say what was changed."""
    new = tuple(owner.patch_resolution)
    patches = new[0] * new[1]
    extra = owner.pos_embed.size(1) - patches
    if value.shape == owner.pos_embed.shape:
        # As many patches as a square grid has: the file may mean either.
        unsure = new[0] != new[1] and _root(patches)
        return value, f'assumed to be for {_text(new)} patches' * bool(unsure)
    if extra == 0 and _root(value.size(1)) is None:
        value = value[:, 1:]
        if value.shape == owner.pos_embed.shape:
            return value, 'without the position of the class token'
    side = _root(value.size(1) - extra)
    if side is None:
        return value, ''
    old, mode = (side, side), owner.interpolate_mode
    resized = resize_pos_embed(value, old, new, mode, extra)
    return resized, _interpolated(old, new)


def _fit_table(owner: Any, value: Tensor) -> tuple[Tensor, str]:
    """Fit a table of biases (D, H) to its module; say what was changed."""
    own, new = getattr(owner, TABLE), tuple(owner.window_size)
    extra = len(own) - (2 * new[0] - 1) * (2 * new[1] - 1)
    side = _root(len(value) - extra)
    if value.shape == own.shape or side is None or side < 5 or side % 2 == 0:
        return value, ''
    old = ((side + 1) // 2,) * 2
    return resize_table(value, old, new, extra), _interpolated(old, new)


def _interpolated(old: Grid, new: Grid) -> str:
    return f'interpolated from {_text(old)} to {_text(new)} patches'


def _one_table_per_block(
    module: nn.Module, weights: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Copy BEiT's shared table to every block that has its own table."""
    weights = dict(weights)
    own = [name for name in position_names(module) if name.endswith(TABLE)]
    if _SHARED in weights and own:
        table = weights.pop(_SHARED)
        weights.update(dict.fromkeys(own, table))
    return weights


def _root(number: int) -> int | None:
    """Return the root of a positive square number, None for others."""
    if number < 1 or isqrt(number) ** 2 != number:
        return None
    return isqrt(number)


def _text(grid: Grid) -> str:
    return f'{grid[0]} x {grid[1]}'
