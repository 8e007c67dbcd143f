from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from hirl_mm.structures import PrototypeTree


@dataclass
class TreeNode:
    """A prototype that a picture of the tree shows.

    Args:
        tree: The tree, on the CPU.
        level: Level of the prototype; 0 is the finest.
        idx: Index of the prototype within its level, which has members.
        num_children: Number of its children that have members.
        children: The children that are shown, the largest first.
        top: Upper end of its branch in pixels.
        bottom: Lower end of its branch in pixels.
    """

    tree: PrototypeTree
    level: int
    idx: int
    num_children: int = 0
    children: list['TreeNode'] = field(default_factory=list)
    top: float = 0.0
    bottom: float = 0.0

    @cached_property
    def members(self) -> np.ndarray:
        """(n,) sample indices of its members, n >= 1."""
        return self.tree.members(self.level, self.idx).numpy()

    @property
    def center(self) -> float:
        """Vertical center of its branch in pixels."""
        return (self.top + self.bottom) / 2

    @property
    def num_rows(self) -> int:
        """Number of leaves shown in its branch."""
        return sum(child.num_rows for child in self.children) or 1

    def walk(self) -> list['TreeNode']:
        """Return the node and all its descendants."""
        nodes = [self]
        for child in self.children:
            nodes += child.walk()
        return nodes


def select_nodes(
    tree: PrototypeTree, max_roots: int, max_children: int
) -> list[TreeNode]:
    """Select the largest prototypes of the top level and of their children.

    Prototypes without members are left out. Among prototypes of the same
    size, the one with the smaller index comes first.

    Args:
        tree: Prototype tree.
        max_roots: Largest number of prototypes of the top level.
        max_children: Largest number of children of every node.

    Returns:
        The nodes of the top level, with their children, largest first.
    """
    return list(islice(grown_roots(tree, max_children), max_roots))


def grown_roots(tree: PrototypeTree, max_children: int) -> Iterator[TreeNode]:
    """Yield the nodes of the top level that have members, largest first.

    Args:
        tree: Prototype tree.
        max_children: Largest number of children of every node.
    """
    tree = tree.to('cpu')
    sizes = _sizes(tree)
    top = tree.num_levels - 1
    for root in _largest(sizes[top], np.arange(tree.num_prototypes[top])):
        yield _grow(tree, sizes, top, root, max_children)


def select_subtree(
    tree: PrototypeTree, level: int, idx: int, max_children: int
) -> TreeNode:
    """Select a prototype and the largest of its descendants.

    Args:
        tree: Prototype tree.
        level: Level of the prototype.
        idx: Its index within the level.
        max_children: Largest number of children of every node.

    Raises:
        ValueError: If there is no such prototype, or it has no members.
    """
    tree = tree.to('cpu')
    if not len(tree.members(level, idx)):
        raise ValueError(
            f'prototype {idx} of level {level} has no images, so there is '
            'nothing to show'
        )
    return _grow(tree, _sizes(tree), level, idx, max_children)


def _sizes(tree: PrototypeTree) -> list[np.ndarray]:
    return [tree.sizes(level).numpy() for level in range(tree.num_levels)]


def _largest(sizes: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return the prototypes with members, the largest first."""
    candidates = candidates[sizes[candidates] > 0]
    return candidates[np.argsort(-sizes[candidates], kind='stable')]


def _grow(
    tree: PrototypeTree,
    sizes: list[np.ndarray],
    level: int,
    idx: int,
    max_children: int,
) -> TreeNode:
    """Return a node with its largest descendants."""
    node = TreeNode(tree, level, int(idx))
    if level:
        below = tree.children(level, idx).numpy()
        children = _largest(sizes[level - 1], below)
        node.num_children = len(children)
        node.children = [
            _grow(tree, sizes, level - 1, child, max_children)
            for child in children[:max_children]
        ]
    return node


def total_gaps(roots: list[TreeNode], gap: float) -> float:
    """Return the sum of the gaps that :func:`place` adds, in pixels."""
    return _place_all(roots, 0, 0, gap)


def place(
    roots: list[TreeNode], top: float, row_height: float, gap: float
) -> float:
    """Set the upper and lower ends of all branches from ``top`` downwards.

    Every leaf takes a row. Branches of level l are ``l * gap`` pixels apart,
    so that the branches of one node stay together.

    Args:
        roots: Nodes of the top level.
        top: Upper end of the first branch in pixels.
        row_height: Height of a leaf in pixels.
        gap: Pixels between branches, per level.

    Returns:
        The lower end of the last branch in pixels.
    """
    return top + _place_all(roots, top, row_height, gap)


def _place_all(
    nodes: list[TreeNode], top: float, row_height: float, gap: float
) -> float:
    position = top
    for node in nodes:
        node.top = position
        height = row_height
        if node.children:
            height = _place_all(node.children, position, row_height, gap)
        node.bottom = position + height
        position = node.bottom + node.level * gap
    return position - nodes[-1].level * gap - top
