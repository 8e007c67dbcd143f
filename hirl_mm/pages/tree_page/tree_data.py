"""The data files of a tree on a page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from hirl_mm.pages.frame.text import shown_text

from .file_names import FileNames
from .shards import write_data, write_list
from .shown_level import ShownLevel
from .shown_tree import ShownTree

# Entries per file: what is opened together, and loads in a moment.
PER_SHARD = dict(nodes=200, images=1000, files=20000, labels=500)
# Nodes of a level that are listed for a class, those with most images first.
_NODES_OF_CLASS = 24


def tree_facts(
    shown: ShownTree, levels: Sequence[ShownLevel], base: str | None
) -> dict:
    """Return what the page says of a tree as a whole.

    Args:
        shown: The tree.
        levels: Its levels, from fine to coarse.
        base: Address of the folder of the image files from the page.
    """
    labels = shown.labels
    return dict(
        name=shown.name,
        images=len(shown.paths),
        placed=int((shown.leaves >= 0).sum()),
        labelled=0 if labels is None else int((labels >= 0).sum()),
        has_similarity=shown.rows is not None,
        base=base,
        classes=[shown_text(name) for name in shown.class_names],
        levels=[level.summary() for level in levels],
    )


def write_tree_data(
    folder: Path,
    key: str,
    levels: Sequence[ShownLevel],
    names: FileNames,
    others: np.ndarray | None = None,
) -> None:
    """Write the data of a tree.

    Args:
        folder: Folder of the page.
        key: First part of the keys of the data.
        levels: Levels of the tree, from fine to coarse.
        names: Names of its images.
        others: (N,), numbers of the images in the tree to compare with.
    """
    shown = levels[0].shown
    order = shown.order
    for level in levels:
        write_data(
            folder,
            f'{key}/level/{level.level}',
            dict(
                numbers=order.numbers[level.level].tolist(),
                first=order.first_image[level.level].tolist(),
            ),
        )
        write_list(
            folder,
            f'{key}/nodes/{level.level}',
            len(order.numbers[level.level]),
            PER_SHARD['nodes'],
            partial(level.records, names=names),
        )
    places = np.empty_like(order.images)
    places[order.images] = np.arange(len(places))
    write_list(
        folder,
        f'{key}/images',
        len(places),
        PER_SHARD['images'],
        lambda part: _images(
            shown, order.images[part.start : part.stop], names, others
        ),
    )
    write_list(
        folder,
        f'{key}/files',
        len(places),
        PER_SHARD['files'],
        lambda part: dict(
            names=[names.shown(sample) for sample in part],
            places=places[part.start : part.stop].tolist(),
        ),
    )
    if shown.labels is not None:
        _write_labels(folder, key, levels, shown.labels)


def _images(
    shown: ShownTree,
    samples: np.ndarray,
    names: FileNames,
    others: np.ndarray | None,
) -> dict:
    """Return the images at successive places."""
    numbers = samples.tolist()
    found: dict = dict(
        numbers=numbers,
        names=[names.shown(sample) for sample in numbers],
        addresses={
            i: address
            for i, sample in enumerate(numbers)
            if (address := names.address(sample)) is not None
        },
    )
    if shown.labels is not None:
        found['labels'] = shown.labels[samples].tolist()
    if shown.similarity is not None:
        rounded = shown.similarity[samples].astype(np.float64).round(3)
        values = rounded.astype(object)
        values[~np.isfinite(rounded)] = None  # JSON has no NaN.
        found['similarity'] = values.tolist()
    if others is not None:
        found['others'] = others[samples].tolist()
    return found


def _write_labels(
    folder: Path, key: str, levels: Sequence[ShownLevel], labels: Tensor
) -> None:
    tops = [
        level.counts.top_nodes(_NODES_OF_CLASS)
        for level in levels
        if level.counts is not None
    ]
    num_classes = len(levels[0].shown.class_names)
    totals = labels[labels >= 0].bincount(minlength=num_classes).tolist()

    def entries(part: range) -> list:
        return [
            dict(
                images=totals[label],
                nodes=[top.get(label, []) for top in tops],
            )
            for label in part
        ]

    write_list(
        folder, f'{key}/labels', len(totals), PER_SHARD['labels'], entries
    )
