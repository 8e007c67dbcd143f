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
    if not tree.centroids:
        raise ValueError('a prototype tree needs at least one level')
    for name in 'centroids', 'parents':
        for level, part in enumerate(getattr(tree, name)):
            _check_tensor(f'{name}[{level}]', part)
    _check_tensor('leaf', tree.leaf)
    nums = tree.num_prototypes
    dims = [tuple(centroids.shape[1:]) for centroids in tree.centroids]
    if len(set(dims)) > 1 or len(dims[0]) != 1:
        raise ValueError(
            'centroids must have shape (K, D) with the same D on all levels, '
            f'got {[tuple(c.shape) for c in tree.centroids]}'
        )
    if tree.leaf.dim() != 1:
        raise ValueError(
            f'leaf must have shape (N,), got {tuple(tree.leaf.shape)}'
        )
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
    for name, what in dict(
        data='the identity of the images', run='the name of the training'
    ).items():
        value = getattr(tree, name)
        if not isinstance(value, str):
            raise ValueError(
                f'{name} must be {what} as a string, empty if unknown, got '
                f'{type(value).__name__}'
            )


def check_finite(centroids: Sequence[Tensor]) -> None:
    """Raise ValueError if a prototype holds NaN or an infinite value.

    Args:
        centroids: Prototypes of every level, (K_l, D).
    """
    for level, rows in enumerate(centroids):
        bad = int((~rows.isfinite()).any(dim=1).sum())
        if bad:
            raise ValueError(
                f'{bad} of {len(rows)} prototypes of level {level} hold NaN '
                'or infinite values'
            )


def _check_tensor(name: str, part: object) -> None:
    if not isinstance(part, Tensor):
        raise ValueError(
            f'{name} must be a tensor, got a {type(part).__name__}'
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
