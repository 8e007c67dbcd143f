"""The order in which a page has nodes and images.

Nodes are numbered along the tree: the children of a node stand side by side,
the largest first. Images follow their leaves. So the images below any node
are one range, and what is opened together is stored together.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from hirl_mm.structures import PrototypeTree


@dataclass(frozen=True, eq=False)
class TreeOrder:
    """Places of nodes and images, by level from fine to coarse.

    Args:
        numbers: Number in the tree of the node at every place, (K_l,) per
            level.
        places: Place of every node by its number, (K_l,) per level.
        first_image: Place of the first image of the node at every place and,
            at the end, that after the last image, (K_l + 1,) per level.
        first_child: Place of the first child of the node at every place and
            the number of all nodes below, (K_l + 1,) per level from 1 on.
        images: (N,), number of the image at every place. Those without a
            leaf come last.
    """

    numbers: list[np.ndarray]
    places: list[np.ndarray]
    first_image: list[np.ndarray]
    first_child: list[np.ndarray]
    images: np.ndarray

    def parent(self, level: int) -> np.ndarray:
        """Return the place of the parent of the node at every place, (K_l,).

        Args:
            level: Level below the top.
        """
        counts = np.diff(self.first_child[level])
        return np.repeat(np.arange(len(counts)), counts)

    def sizes(self, level: int) -> np.ndarray:
        """Return the number of images of the node at every place, (K_l,)."""
        return np.diff(self.first_image[level])

    def node_of_image(self, level: int) -> np.ndarray:
        """Return the place of the node of every placed image, (n,)."""
        sizes = self.sizes(level)
        return np.repeat(np.arange(len(sizes)), sizes)


def tree_order(
    tree: PrototypeTree, leaf: Tensor, nearness: np.ndarray | None = None
) -> TreeOrder:
    """Order the nodes and images of a tree.

    Args:
        tree: Tree with L levels.
        leaf: (N,) long, prototype of level 0 of every image, -1 for none.
        nearness: (N,), similarity of every image to its leaf: the nearest
            image of a leaf comes first. Without it, images keep their order.
    """
    leaves = leaf.numpy()
    num_leaves = tree.num_prototypes[0]
    parents = [parent.numpy() for parent in tree.parents]
    sizes = [np.bincount(leaves[leaves >= 0], minlength=num_leaves)]
    for parent, num in zip(parents, tree.num_prototypes[1:], strict=True):
        counts = np.bincount(parent, weights=sizes[-1], minlength=num)
        sizes.append(counts.astype(np.int64))
    numbers = [np.argsort(-sizes[-1], kind='stable')]
    places = [_inverse(numbers[0])]
    first_child: list[np.ndarray] = []
    for parent, size in zip(parents[::-1], sizes[-2::-1], strict=True):
        above = places[0][parent]
        numbers.insert(0, np.lexsort((-size, above)))
        places.insert(0, _inverse(numbers[0]))
        first_child.insert(0, _starts(above[numbers[0]], len(places[1])))
    place = np.where(leaves >= 0, places[0][leaves], num_leaves)
    keys = (place,) if nearness is None else (-nearness, place)
    images = np.lexsort(keys)
    first_image = [_starts(place[images], num_leaves)]
    for children in first_child:
        first_image.append(first_image[-1][children])
    return TreeOrder(numbers, places, first_image, first_child, images)


def _inverse(order: np.ndarray) -> np.ndarray:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse


def _starts(ascending: np.ndarray, num: int) -> np.ndarray:
    """Return where each of the values 0 to ``num`` begins."""
    return np.searchsorted(ascending, np.arange(num + 1))
