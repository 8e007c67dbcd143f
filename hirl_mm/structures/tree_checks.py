"""Checks of the parts of a tree and of the indices of its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .prototype_tree import PrototypeTree

# Leaf of a sample that was not clustered.
NO_LEAF = -1


def check_parts(tree: PrototypeTree) -> None:
    """Raise ValueError unless the tensors of a tree fit together."""
    nums = tree.num_prototypes
    if not nums:
        raise ValueError('a prototype tree needs at least one level')
    if len(tree.parents) != len(nums) - 1:
        raise ValueError(
            f'{len(nums)} levels need {len(nums) - 1} parent tensors, '
            f'got {len(tree.parents)}'
        )
    if len(tree.objective) != len(nums):
        raise ValueError(
            f'{len(nums)} levels need {len(nums)} objectives, '
            f'got {len(tree.objective)}'
        )
    for level, parent in enumerate(tree.parents):
        if parent.shape != (nums[level],):
            raise ValueError(
                f'parents[{level}] must have shape ({nums[level]},), one '
                f'per prototype of level {level}, got {tuple(parent.shape)}'
            )
        _check_index(f'parents[{level}]', parent, nums[level + 1])
    _check_index('leaf', tree.leaf, nums[0], least=NO_LEAF)
    if not isinstance(tree.data, str):
        raise ValueError(
            'data must be the identity of the images as a string, empty if '
            f'unknown, got {type(tree.data).__name__}'
        )


def check_node(
    num_prototypes: Sequence[int],
    level: int,
    node: int = 0,
    lowest: int = 0,
) -> None:
    """Raise ValueError unless a node exists in a tree.

    Args:
        num_prototypes: Number of prototypes K_l of every level.
        level: Level of the node.
        node: Index of the node within its level.
        lowest: Lowest level to accept; 1 if the node must not be a leaf.
    """
    if not lowest <= level < len(num_prototypes):
        why = ', since level 0 has no children' if lowest else ''
        raise ValueError(
            f'level must lie in [{lowest}, {len(num_prototypes)}){why}, got '
            f'{level}'
        )
    if not 0 <= node < num_prototypes[level]:
        raise ValueError(
            f'node must lie in [0, {num_prototypes[level]}), the prototypes '
            f'of level {level}, got {node}'
        )


def _check_index(name: str, index: Tensor, num: int, least: int = 0) -> None:
    if index.dtype != torch.long:
        raise ValueError(f'{name} must be torch.long, got {index.dtype}')
    if index.numel() and (index.min() < least or index.max() >= num):
        raise ValueError(
            f'{name} must lie in [{least}, {num}), got values from '
            f'{index.min().item()} to {index.max().item()}'
        )
