"""Layers that one library joins and another keeps apart."""

from collections.abc import Sequence

import torch
from torch import Tensor


def join_layers(
    state: dict[str, Tensor], parts: Sequence[str], joint: str
) -> dict[str, Tensor]:
    """Stack the outputs of linear layers, each (D_i, D), to one layer.

    Args:
        state: State dict. The layers of a block are ``BLOCK.PART.weight`` and
            ``.bias``.
        parts: Names of the layers in the order of the outputs, such as
            ``('mlp.w1', 'mlp.w2')``.
        joint: Name of the joint layer, such as ``'mlp.w12'``.

    Returns:
        State dict with ``BLOCK.JOINT.weight`` (sum of D_i, D) and ``.bias``
        where the blocks have these layers.

    Raises:
        ValueError: If a block lacks one of the parts.
    """
    joined: dict[str, Tensor] = {}
    found: dict[tuple[str, str], dict[str, Tensor]] = {}
    for key, value in state.items():
        layer, _, kind = key.rpartition('.')
        part = next((p for p in parts if f'.{layer}'.endswith(f'.{p}')), None)
        if part is None:
            joined[key] = value
        else:
            block = layer.removesuffix(part)
            found.setdefault((block, kind), {})[part] = value
    for (block, kind), values in found.items():
        missing = [part for part in parts if part not in values]
        if missing:
            names = [f'{block}{part}.{kind}' for part in missing]
            raise ValueError(
                f'{len(names)} tensors of the backbone are missing: '
                f'{", ".join(names)}. The file is cut short, or holds a '
                'different network'
            )
        layers = [values[part] for part in parts]
        joined[f'{block}{joint}.{kind}'] = torch.cat(layers)
    return joined


def split_layers(
    state: dict[str, Tensor], parts: Sequence[str], joint: str
) -> dict[str, Tensor]:
    """Split joint layers into parts of equal size.

    The inverse of :func:`join_layers`, with the same arguments.
    """
    split = {}
    for key, value in state.items():
        layer, _, kind = key.rpartition('.')
        if not f'.{layer}'.endswith(f'.{joint}'):
            split[key] = value
            continue
        block = layer.removesuffix(joint)
        pieces = value.chunk(len(parts))
        for part, piece in zip(parts, pieces, strict=True):
            split[f'{block}{part}.{kind}'] = piece.clone()
    return split
