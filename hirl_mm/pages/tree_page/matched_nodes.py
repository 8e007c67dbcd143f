"""Which node of another tree holds the images of a node."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .tree_order import TreeOrder


@dataclass(frozen=True, eq=False)
class MatchedNodes:
    """Where the images of the nodes of a level are in another tree.

    Args:
        node: (P,), places of nodes, ascending.
        other: (P,), places of nodes of the other tree; of a node, that with
            the most of its images first.
        count: (P,), number of images in both.
        first: (K + 1,), where the entries of every node begin.
        moved: (N,) bool, images that are not in the node of the other tree
            that holds the most images of theirs.
        compared: Number of images that have a node in both trees.
    """

    node: np.ndarray
    other: np.ndarray
    count: np.ndarray
    first: np.ndarray
    moved: np.ndarray
    compared: int

    @property
    def kept(self) -> np.ndarray:
        """(K,), number of images in the best match of every node."""
        return self._by_node(np.maximum)

    @property
    def totals(self) -> np.ndarray:
        """(K,), number of compared images of every node."""
        return self._by_node(np.add)

    def _by_node(self, function: np.ufunc) -> np.ndarray:
        found = np.zeros(len(self.first) - 1, dtype=np.int64)
        function.at(found, self.node, self.count)
        return found


def match_nodes(
    order: TreeOrder, other: TreeOrder, level: int, other_sample: np.ndarray
) -> MatchedNodes:
    """Compare a level of two trees by the images of their nodes.

    Args:
        order: Order of the nodes and N images of a tree.
        other: That of the other tree.
        level: Level of the nodes in both.
        other_sample: (N,), number in the other tree of every image, -1 if it
            is not there.
    """
    node = _place_of_sample(order, level)
    theirs = _place_of_sample(other, level)
    target = np.where(other_sample >= 0, theirs[other_sample], -1)
    both = np.flatnonzero((node >= 0) & (target >= 0))
    num_others = len(other.sizes(level))
    pairs, count = np.unique(
        node[both] * num_others + target[both], return_counts=True
    )
    own, to = np.divmod(pairs, num_others)
    best = np.lexsort((to, -count, own))
    to, count = to[best], count[best]
    num = len(order.sizes(level))
    first = np.searchsorted(own, np.arange(num + 1))
    match = np.full(num, -1)
    used = first[:-1] < first[1:]
    match[used] = to[first[:-1][used]]
    moved = np.zeros(len(node), dtype=bool)
    moved[both] = target[both] != match[node[both]]
    return MatchedNodes(own, to, count, first, moved, len(both))


def same_images(names: Sequence[str], others: Sequence[str]) -> np.ndarray:
    """Find images of one list in another one, by name.

    Args:
        names: N different names.
        others: Names of the other list.

    Returns:
        (N,), number in the other list of every name, -1 if it is not there.

    Raises:
        ValueError: If no name is in both.
    """
    number = {name: i for i, name in enumerate(others)}
    found = np.array([number.get(name, -1) for name in names], dtype=np.int64)
    if not (found >= 0).any():
        raise ValueError(
            f'the trees to compare have no image in common: {len(names)} '
            f'names such as {names[0]!r} and {len(others)} such as '
            f'{others[0]!r}'
        )
    return found


def _place_of_sample(order: TreeOrder, level: int) -> np.ndarray:
    node = order.node_of_image(level)
    place = np.full(len(order.images), -1)
    place[order.images[: len(node)]] = node
    return place
