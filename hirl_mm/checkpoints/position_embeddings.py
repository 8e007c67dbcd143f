"""Position embeddings of one image size for a network of another."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import isqrt

from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn

from .relative_positions import TABLE, resize_table

Grid = tuple[int, int]
# Position embeddings, and the attribute beside them that has their grid.
_GRIDS = {'pos_embed': 'patch_resolution', TABLE: 'window_size'}
_SHARED = f'rel_pos_bias.{TABLE}'


def fit_positions(
    module: nn.Module, weights: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """Interpolate position embeddings to the grid of patches of a network.

    Handles ``pos_embed``, (1, L, C), of MMPreTrain's vision transformers and
    the tables of relative positions of BEiT, (D, H), which pre-training
    shares between the blocks. A network without a class token drops its
    position. What has no square grid stays as it is, unless it fits.

    Args:
        module: The network.
        weights: A state dict with its names.

    Returns:
        The state dict with its position embeddings replaced, and what was
        done, for the log.
    """
    weights = _one_table_per_block(module, weights)
    done = Counter()
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
    """Names of the position embeddings that depend on the image size."""
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


def _fit_embedding(owner: nn.Module, value: Tensor) -> tuple[Tensor, str]:
    """A ``pos_embed`` (1, L, C) for its module, and what was done to it."""
    new = tuple(owner.patch_resolution)
    patches = new[0] * new[1]
    extra = owner.pos_embed.size(1) - patches
    if value.shape == owner.pos_embed.shape:
        unsure = new[0] != new[1] and _root(patches)
        return value, f'taken as that of {_text(new)} patches' * bool(unsure)
    if extra == 0 and _root(value.size(1)) is None:
        value = value[:, 1:]
        if value.shape == owner.pos_embed.shape:
            return value, 'without that of the class token'
    side = _root(value.size(1) - extra)
    if side is None:
        return value, ''
    old, mode = (side, side), owner.interpolate_mode
    resized = resize_pos_embed(value, old, new, mode, extra)
    return resized, _interpolated(old, new)


def _fit_table(owner: nn.Module, value: Tensor) -> tuple[Tensor, str]:
    """A table of biases (D, H) for its module, and what was done to it."""
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
    """Hand BEiT's shared table to every block that has one of its own."""
    weights = dict(weights)
    own = [name for name in position_names(module) if name.endswith(TABLE)]
    if _SHARED in weights and own:
        table = weights.pop(_SHARED)
        weights.update(dict.fromkeys(own, table))
    return weights


def _root(number: int) -> int | None:
    """The square root of a square number above 0."""
    if number < 1 or isqrt(number) ** 2 != number:
        return None
    return isqrt(number)


def _text(grid: Grid) -> str:
    return f'{grid[0]} x {grid[1]}'
