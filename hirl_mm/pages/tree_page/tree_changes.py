"""What moved between two trees, as values of a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from .entries import first_entries
from .file_names import FileNames
from .matched_nodes import MatchedNodes, match_nodes
from .node_images import table_of_images
from .shards import write_data, write_list
from .shown_level import image_entry, rounded
from .shown_tree import ShownTree
from .thumbnail_cells import ThumbnailCells
from .tree_data import PER_SHARD

# Nodes of the other tree that a node lists, images that moved which it
# shows, and nodes in the list of those that changed most.
_LISTED_NODES, SHOWN_IMAGES, _MOST_CHANGED = 6, 6, 60


@dataclass(frozen=True, eq=False)
class LevelChanges:
    """How a level of a tree differs from that of another tree.

    Args:
        shown: The tree.
        other: The other tree.
        level: The level, in both.
        other_sample: (N,), numbers of the images in the other tree, -1 if
            they are not there.
    """

    shown: ShownTree
    other: ShownTree
    level: int
    other_sample: np.ndarray

    @cached_property
    def matched(self) -> MatchedNodes:
        """Where the images of every node are."""
        return match_nodes(
            self.shown.order, self.other.order, self.level, self.other_sample
        )

    @cached_property
    def cells(self) -> ThumbnailCells:
        """Thumbnails of images that moved out of every node."""
        order = self.shown.order
        node = order.node_of_image(self.level)
        images = order.images[: len(node)]
        moved = self.matched.moved[images]
        images, node = images[moved], node[moved]
        key = np.random.default_rng((1, self.level)).random(len(node))
        images = images[np.lexsort((key, node))]
        num = len(order.sizes(self.level))
        return ThumbnailCells(table_of_images(images, node, num, SHOWN_IMAGES))

    @property
    def share(self) -> float:
        """Share of the compared images that moved, 0 without any."""
        moved = int(self.matched.moved.sum())
        return moved / max(self.matched.compared, 1)

    def most_changed(self) -> list[list[int]]:
        """Return the nodes out of which most images moved.

        Returns:
            Place, number of compared images and number of moved images, at
            most 60 nodes.
        """
        totals, kept = self.matched.totals, self.matched.kept
        left = totals - kept
        order = np.argsort(-left, kind='stable')[:_MOST_CHANGED]
        order = order[left[order] > 0]
        return np.stack([order, totals[order], left[order]], 1).tolist()

    def records(self, places: range, names: FileNames) -> list[dict]:
        """Return where the images of nodes are in the other tree.

        Args:
            places: Places of the nodes.
            names: Names of the images.
        """
        matched, cells = self.matched, self.cells
        totals, kept = matched.totals, matched.kept
        found = []
        for place in places:
            columns = matched.first, matched.other, matched.count
            nodes, num = first_entries(*columns, place, _LISTED_NODES)
            samples = cells.samples[place]
            found.append(
                dict(
                    nodes=nodes,
                    num_nodes=num,
                    compared=int(totals[place]),
                    moved=int(totals[place] - kept[place]),
                    cell=int(cells.first[place]),
                    shown=[
                        [*image_entry(self.shown, s, names), self._target(s)]
                        for s in samples[samples >= 0].tolist()
                    ],
                )
            )
        return found

    def _target(self, sample: int) -> int:
        """Return the number of the node in the other tree of an image."""
        leaf = self.other.leaves[int(self.other_sample[sample])]
        return int(self.other.tree.paths(leaf)[self.level])


def write_changes(
    folder: Path,
    key: str,
    changes: list[LevelChanges],
    names: FileNames,
) -> None:
    """Write what moved out of the nodes of a tree.

    Args:
        folder: Folder of the page.
        key: First part of the keys of the data.
        changes: Changes of all levels, from fine to coarse.
        names: Names of the images of the tree.
    """
    levels = [
        dict(
            compared=one.matched.compared,
            moved=rounded(one.share),
            most=one.most_changed(),
        )
        for one in changes
    ]
    write_data(folder, f'{key}/changes', levels)
    for one in changes:
        write_list(
            folder,
            f'{key}/match/{one.level}',
            len(one.shown.order.sizes(one.level)),
            PER_SHARD['nodes'],
            partial(one.records, names=names),
        )
