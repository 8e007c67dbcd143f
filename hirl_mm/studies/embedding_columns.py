"""Columns of a picture of features, from runs and from files."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hirl_mm.checkpoints import read_checkpoint
from hirl_mm.structures import EmbeddedImages
from hirl_mm.visualization import EmbeddingColumn
from hirl_mm.visualization.projection import project

from .run_hierarchy import open_hierarchy

CLASS_ROW = 'by class'


def column_of_images(
    images: EmbeddedImages,
    name: str,
    num: int,
    classes: int | Sequence[str] | None = None,
    method: str = 'tsne',
    seed: int = 0,
) -> EmbeddingColumn:
    """Return a column of embedded images, by class and by level of their tree.

    Args:
        images: Images with their embeddings.
        name: Name of the column.
        num: Largest number of images to show, drawn at random.
        classes: Names of the classes whose images to show, or the number of
            the first ones; None for all.
        method: See :func:`~hirl_mm.visualization.projection.project`.
        seed: Seed of the draw and of the method.

    Raises:
        ValueError: If too few images are left, or there are no classes of
            these names, or no labels at all.
    """
    tree = images.tree
    paths = tree.paths(images.leaf)
    groups = {
        f'by prototype of level {level} ({num:,})': paths[:, level]
        for level, num in enumerate(tree.num_prototypes)
    }
    known = images.leaf >= 0
    chosen = _chosen(images.labels, images.class_names, classes)
    shown = _drawn(known if chosen is None else known & chosen, num, seed)
    return _column(
        name,
        images.rows[shown],
        shown,
        images.labels,
        images.class_names,
        groups,
        method,
        seed,
    )


def column_of_file(
    file: str | os.PathLike,
    name: str,
    num: int,
    classes: int | Sequence[str] | None = None,
    method: str = 'tsne',
    seed: int = 0,
) -> EmbeddingColumn:
    """Return a column of features that ``tools/extract_features.py`` wrote.

    Args:
        file: File with ``features`` (N, C), and ``labels`` (N,) and
            ``classes`` if there are any.
        name: Name of the column.
        num: See :func:`column_of_images`.
        classes: See :func:`column_of_images`.
        method: See :func:`column_of_images`.
        seed: See :func:`column_of_images`.

    Raises:
        ValueError: If the file holds no features, or see
            :func:`column_of_images`.
    """
    content = read_checkpoint(file)
    try:
        features, labels = content['features'], content.get('labels')
        names = content.get('classes') or ()
    except (KeyError, TypeError, AttributeError):
        raise ValueError(
            f'{file} holds no features: give a file of '
            'tools/extract_features.py, or the folder of a training with HIRL'
        ) from None
    known = features.isfinite().all(1)
    chosen = _chosen(labels, names, classes)
    shown = _drawn(known if chosen is None else known & chosen, num, seed)
    return _column(
        name, features[shown], shown, labels, names, {}, method, seed
    )


def read_columns(
    sources: Sequence[str | os.PathLike],
    names: Sequence[str],
    reading: tuple[int, int],
    trust: bool = False,
    **options: Any,
) -> list[EmbeddingColumn]:
    """Return a column per run or file.

    Args:
        sources: Folders of trainings with HIRL, whose training images are
            embedded, and files of ``tools/extract_features.py``.
        names: Name of every column.
        reading: Images per batch, and number of worker processes.
        trust: Whether a checkpoint may run code.
        **options: Arguments of :func:`column_of_images` after ``name``.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: See the functions above.
    """
    columns = []
    for source, name in zip(sources, names, strict=True):
        if Path(source).is_file():
            columns.append(column_of_file(source, name, **options))
        else:
            hierarchy = open_hierarchy(source, trust=trust)
            images = hierarchy.training_images(*reading)
            columns.append(column_of_images(images, name, **options))
    return columns


def _chosen(
    labels: Tensor | None,
    names: Sequence[str],
    classes: int | Sequence[str] | None,
) -> Tensor | None:
    """Which images are of the classes that are asked for, (N,) bool."""
    if classes is None:
        return None
    if labels is None:
        raise ValueError('the images have no classes to choose from')
    if isinstance(classes, int):
        return (labels >= 0) & (labels < classes)
    unknown = [name for name in classes if name not in names]
    if unknown:
        some = ', '.join(names[:10]) + (', ...' if len(names) > 10 else '')
        raise ValueError(
            f'there are no classes {", ".join(unknown)}: the images have '
            f'{some or "no names of classes"}'
        )
    numbers = torch.tensor([list(names).index(name) for name in classes])
    return torch.isin(labels, numbers)


def _drawn(known: Tensor, num: int, seed: int) -> Tensor:
    """Draw images that have an embedding."""
    found = known.nonzero()[:, 0]
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(found), generator=generator)[:num]
    return found[order].sort().values


def _column(
    name: str,
    rows: Tensor,
    shown: Tensor,
    labels: Tensor | None,
    class_names: Sequence[str],
    groups: dict[str, Tensor],
    method: str,
    seed: int,
) -> EmbeddingColumn:
    names = {}
    if labels is not None and bool((labels >= 0).any()):
        groups = {CLASS_ROW: labels, **groups}
        if class_names:
            names = {CLASS_ROW: class_names}
    return EmbeddingColumn(
        name,
        project(rows, method, seed),
        {row: group[shown] for row, group in groups.items()},
        names,
    )
