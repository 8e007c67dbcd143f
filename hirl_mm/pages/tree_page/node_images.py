"""Which images stand for a node: those nearest to its centre, and others."""

from typing import NamedTuple

import numpy as np

from .tree_order import TreeOrder


class NodeImages(NamedTuple):
    """The images that stand for the nodes of a level, by place.

    Args:
        nearest: (K, n), numbers of the images nearest to the centre, the
            nearest first; -1 where there are no more.
        random: (K, r), numbers of random others, -1 where there are no more.
    """

    nearest: np.ndarray
    random: np.ndarray


def choose_images(
    order: TreeOrder,
    level: int,
    similarity: np.ndarray | None,
    num: int,
    seed: int = 0,
) -> NodeImages:
    """Choose images of every node of a level.

    Half of them are those nearest to the centre, the others are drawn from
    the rest. A node of few images shows all of them, in the order of their
    nearness.

    Args:
        order: Order of nodes and images.
        level: Level of the nodes.
        similarity: (N, L), similarity of the images to the nodes of their
            paths; without it all images are drawn at random.
        num: Number of images per node.
        seed: Seed of the draws.
    """
    node = order.node_of_image(level)
    images = order.images[: len(node)]
    sizes = order.sizes(level)
    if similarity is None:
        wanted = np.zeros_like(sizes)
        key = np.zeros(len(node))
    else:
        wanted = np.where(sizes <= num, num, num - num // 2)
        key = -similarity[images, level]
    images = images[np.lexsort((key, node))]
    is_near = _place_in_run(node, len(sizes)) < wanted[node]
    nearest = table_of_images(images[is_near], node[is_near], len(sizes), num)
    images, node = images[~is_near], node[~is_near]
    key = np.random.default_rng((seed, level)).random(len(node))
    images = images[np.lexsort((key, node))]
    num_random = num if similarity is None else num // 2
    random = table_of_images(images, node, len(sizes), num_random)
    return NodeImages(nearest, random)


def _place_in_run(ascending: np.ndarray, num: int) -> np.ndarray:
    """Return the place of every entry among those of the same value."""
    starts = np.searchsorted(ascending, np.arange(num))
    return np.arange(len(ascending)) - starts[ascending]


def table_of_images(
    images: np.ndarray, node: np.ndarray, num_nodes: int, num: int
) -> np.ndarray:
    """Return the first ``num`` images of every node, -1 where are fewer."""
    place = _place_in_run(node, num_nodes)
    is_first = place < num
    table = np.full((num_nodes, num), -1)
    table[node[is_first], place[is_first]] = images[is_first]
    return table
