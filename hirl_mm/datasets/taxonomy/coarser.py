import os
from collections.abc import Mapping
from typing import Any

from .wordnet import load_taxonomy


def with_coarser_classes(
    images: Mapping[str, Any], hierarchy: str | os.PathLike, level: str
) -> dict[str, Any]:
    """Replace the classes of images by those of a level of a hierarchy.

    Args:
        images: ``labels`` (N,) and ``class_names`` of the finest level, and
            other entries, which are kept.
        hierarchy: Path of a taxonomy, see :func:`load_taxonomy`.
        level: Name of the level.

    Returns:
        The same entries with the labels and class names of the level.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the images have no classes, the file lacks some of
            them, or it has no such level.

    Example:
        >>> from hirl_mm.datasets.taxonomy import ClassHierarchy
        >>> ClassHierarchy(
        ...     levels=['fine', 'coarse'],
        ...     classes={'cat': ['cat', 'animal'], 'dog': ['dog', 'animal'],
        ...              'car': ['car', 'vehicle']}).save('hierarchy.json')
        >>> images = dict(labels=[0, 1, 2], class_names=['car', 'cat', 'dog'])
        >>> with_coarser_classes(images, 'hierarchy.json', 'coarse')
        {'labels': [1, 0, 0], 'class_names': ('animal', 'vehicle')}
    """
    if images.get('labels') is None:
        raise ValueError(
            f'the images have no classes, so there are none on level {level} '
            f'of {hierarchy}: give class folders, or leave the level out'
        )
    found = load_taxonomy(hierarchy, images['class_names'])
    labels = found.labels(images['labels'], level).tolist()
    return {**images, 'labels': labels, 'class_names': found.names(level)}
