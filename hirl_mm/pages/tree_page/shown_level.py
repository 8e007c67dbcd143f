"""The nodes of a level as values of a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .entries import first_entries
from .file_names import FileNames
from .label_counts import LabelCounts, count_labels
from .node_images import NodeImages, choose_images
from .shown_tree import ShownTree
from .thumbnail_cells import ThumbnailCells

# Classes that a node lists, the most frequent first.
_LISTED_CLASSES = 6


@dataclass(frozen=True, eq=False)
class ShownLevel:
    """A level of a tree with the images that stand for its nodes.

    Args:
        shown: The tree.
        level: The level.
        chosen: The images that stand for its nodes.
        counts: Classes of its nodes; None without classes.
        spread: (K,), mean cosine of the images of every node to its centre,
            NaN if unknown.
    """

    shown: ShownTree
    level: int
    chosen: NodeImages
    counts: LabelCounts | None
    spread: np.ndarray

    @cached_property
    def cells(self) -> ThumbnailCells:
        """The thumbnails of the level."""
        return ThumbnailCells(np.concatenate(self.chosen, axis=1))

    def summary(self) -> dict:
        """Return what the page says of the level as a whole."""
        sizes = self.shown.order.sizes(self.level)
        known = np.isfinite(self.spread)
        mean = np.nan
        if known.any():
            mean = np.average(self.spread[known], weights=sizes[known])
        return dict(
            nodes=len(sizes),
            used=int((sizes > 0).sum()),
            purity=rounded(self.counts.mean_purity if self.counts else None),
            spread=rounded(mean),
        )

    def records(self, places: range, names: FileNames) -> list[dict]:
        """Return what the page shows of nodes.

        Args:
            places: Places of the nodes.
            names: Names of the images.
        """
        order, level = self.shown.order, self.level
        top = level == self.shown.tree.num_levels - 1
        parents = None if top else order.parent(level)
        first_cell = self.cells.first
        found = []
        for place in places:
            first, last = order.first_image[level][place : place + 2].tolist()
            record = dict(
                number=int(order.numbers[level][place]),
                parent=-1 if parents is None else int(parents[place]),
                images=[first, last - first],
                spread=rounded(self.spread[place]),
                cell=int(first_cell[place]),
                near=self._entries(self.chosen.nearest[place], names),
                random=self._entries(self.chosen.random[place], names),
            )
            if level:
                child, end = order.first_child[level - 1][
                    place : place + 2
                ].tolist()
                record['children'] = [child, end - child]
            if self.counts is not None:
                record |= _classes(self.counts, place)
            found.append(record)
        return found

    def _entries(self, samples: np.ndarray, names: FileNames) -> list:
        return [
            image_entry(self.shown, sample, names)
            for sample in samples[samples >= 0].tolist()
        ]


def shown_level(
    shown: ShownTree, level: int, num_images: int, seed: int = 0
) -> ShownLevel:
    """Choose images of the nodes of a level, and compute what they are like.

    Args:
        shown: The tree.
        level: The level.
        num_images: Number of images per node.
        seed: Seed of the random images.
    """
    order, similarity = shown.order, shown.similarity
    sizes = order.sizes(level)
    spread = np.full(len(sizes), np.nan)
    if similarity is not None:
        node = order.node_of_image(level)
        cosine = similarity[order.images[: len(node)], level]
        known = np.isfinite(cosine)
        node, cosine = node[known], cosine[known]
        total = np.bincount(node, cosine, len(sizes))
        num = np.bincount(node, minlength=len(sizes))
        spread[num > 0] = total[num > 0] / num[num > 0]
    counts = None
    if shown.labels is not None:
        counts = count_labels(order, level, shown.labels.numpy())
    chosen = choose_images(order, level, similarity, num_images, seed)
    return ShownLevel(shown, level, chosen, counts, spread)


def _classes(counts: LabelCounts, place: int) -> dict:
    """Return what a page shows of the classes of a node."""
    columns = counts.first, counts.label, counts.count
    classes, num = first_entries(*columns, place, _LISTED_CLASSES)
    return dict(
        labelled=int(counts.labelled[place]), classes=classes, num_classes=num
    )


def image_entry(shown: ShownTree, sample: int, names: FileNames) -> list:
    """Return number, name and class of an image for a page."""
    label = -1 if shown.labels is None else int(shown.labels[sample])
    return [sample, names.shown(sample), label]


def rounded(value: float | None) -> float | None:
    """Return a share or a cosine for a page, None if it is unknown."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), 4)
