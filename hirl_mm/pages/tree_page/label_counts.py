"""How often classes occur in nodes, and nodes hold classes."""

from dataclasses import dataclass

import numpy as np

from .tree_order import TreeOrder


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """Numbers of images by node and class, where there are any.

    Args:
        node: (P,), places of nodes, ascending.
        label: (P,), classes; of a node, the most frequent first.
        count: (P,), numbers of images.
        first: (K + 1,), where the entries of every node begin.
        labelled: (K,), number of images of every node with a class.
    """

    node: np.ndarray
    label: np.ndarray
    count: np.ndarray
    first: np.ndarray
    labelled: np.ndarray

    @property
    def purity(self) -> np.ndarray:
        """(K,), share of the most frequent class, NaN without a class."""
        most = np.zeros(len(self.labelled), dtype=np.int64)
        used = self.first[:-1] < self.first[1:]
        most[used] = self.count[self.first[:-1][used]]
        with np.errstate(invalid='ignore'):
            return most / self.labelled

    @property
    def mean_purity(self) -> float:
        """Share of the images that have the most frequent class of theirs."""
        return float(np.nansum(self.purity * self.labelled)) / max(
            int(self.labelled.sum()), 1
        )

    def top_nodes(self, num: int) -> dict[int, list[tuple[int, int]]]:
        """Return the nodes that hold the most images of every class.

        Args:
            num: Largest number of nodes per class.

        Returns:
            By class, the places of nodes and the numbers of images.
        """
        order = np.lexsort((self.node, -self.count, self.label))
        found: dict[int, list[tuple[int, int]]] = {}
        for i in order.tolist():
            nodes = found.setdefault(int(self.label[i]), [])
            if len(nodes) < num:
                nodes.append((int(self.node[i]), int(self.count[i])))
        return found


def count_labels(
    order: TreeOrder, level: int, labels: np.ndarray
) -> LabelCounts:
    """Count the classes of the images of every node of a level.

    Args:
        order: Order of nodes and images.
        level: Level of the nodes.
        labels: (N,), class of every image, -1 if unknown.
    """
    node = order.node_of_image(level)
    label = labels[order.images[: len(node)]]
    node, label = node[label >= 0], label[label >= 0]
    num_labels = int(label.max(initial=0)) + 1
    pairs, count = np.unique(node * num_labels + label, return_counts=True)
    node, label = np.divmod(pairs, num_labels)
    best = np.lexsort((label, -count, node))
    num = len(order.sizes(level))
    return LabelCounts(
        node,
        label[best],
        count[best],
        np.searchsorted(node, np.arange(num + 1)),
        np.bincount(node, weights=count, minlength=num).astype(np.int64),
    )
