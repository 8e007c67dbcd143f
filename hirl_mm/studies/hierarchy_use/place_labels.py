import os
from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.engine.evaluation.trained_hierarchy import TrainedHierarchy
from hirl_mm.structures import EmbeddedImages
from hirl_mm.tables import printable

from .given_labels import GivenLabels, find_files


class PlacedLabels(NamedTuple):
    """Labelled images in a tree.

    Args:
        places: (n,) long, the leaf of every labelled image.
        labels: n numbers of classes.
        class_names: Names of the classes.
        numbers: Number of every image among the training images, None if it
            is not among them.
        others: Path and class of those that are not.
    """

    places: Tensor
    labels: list[int]
    class_names: list[str]
    numbers: list[int | None]
    others: list[tuple[str, int]]


def place_labels(
    hierarchy: TrainedHierarchy,
    images: EmbeddedImages,
    given: GivenLabels,
    table: str | os.PathLike,
    batch_size: int = 256,
    num_workers: int | None = None,
) -> PlacedLabels:
    """Find labelled images in a tree; those of other files are embedded.

    Args:
        hierarchy: Tree and model of a run.
        images: The training images.
        given: Files and their labels.
        table: File that they were read from; names may be relative to it.
        batch_size: Images per batch.
        num_workers: Number of worker processes that read images; None for
            that of the training.

    Raises:
        FileNotFoundError: If a file is neither a training image nor there.
        ValueError: If a name may be that of several images, or a labelled
            image cannot be read.
    """
    folder = os.path.dirname(os.path.abspath(table))
    numbers = find_files(given.files, images.paths, folder)
    files, missing = [], []
    for name, number in zip(given.files, numbers, strict=True):
        if number is None:
            there = [
                path
                for path in (name, os.path.join(folder, name))
                if os.path.isfile(path)
            ]
            files += there[:1]
            missing += [] if there else [printable(name)]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of the {len(given.files)} images of {table} are '
            f'neither training images nor files: {", ".join(missing[:5])}'
        )
    places = images.leaf[[number or 0 for number in numbers]]
    other = torch.tensor([number is None for number in numbers])
    if files:
        places[other] = hierarchy.images_of(
            files, images.tree, 'labelled', batch_size, num_workers
        ).leaf
    unread = (places < 0).nonzero().flatten().tolist()
    if unread:
        shown = ', '.join(printable(given.files[i]) for i in unread[:5])
        raise ValueError(f'labelled images that cannot be read: {shown}')
    labels = [
        label
        for label, number in zip(given.labels, numbers, strict=True)
        if number is None
    ]
    others = list(zip(files, labels, strict=True))
    return PlacedLabels(
        places, given.labels, given.class_names, numbers, others
    )
