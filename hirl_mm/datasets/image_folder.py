"""Listing the images of a folder as data sets do."""

import os
from collections.abc import Iterator
from pathlib import Path

from hirl_mm.datasets.image_files import (
    LISTED,
    UNLISTED,
    by_class,
    class_of,
    is_hidden,
)
from hirl_mm.datasets.shards.backend import image_root
from hirl_mm.datasets.shards.locations import scan_of


def load_images(folder: str | os.PathLike) -> dict:
    """List the images of a folder, with their classes if there are any.

    The order is that of a labelled data set, class folder by class folder,
    or of all files if there are no class folders. Hidden folders are not
    read.

    Args:
        folder: Path of the folder, with or without one subfolder per class.

    Returns:
        ``images`` (paths) and, if there are class folders, ``labels`` and
        ``class_names``, as the arguments of :func:`draw_semantic_tree`.

    Raises:
        ValueError: If the folder does not exist or holds no images.
    """
    return next(listings(folder))


def listings(folder: str | os.PathLike) -> Iterator[dict]:
    """Yield the lists of images that data sets make of a folder.

    A data set without labels reads the files in the order of their paths, a
    labelled one class by class, and only files in class folders. MMPreTrain's
    ``CustomDataset`` reads hidden folders, ``hirl_mm.FolderImages`` does not.
    Further extensions are read on request. The list of :func:`load_images`
    comes first.

    Args:
        folder: Path of the folder, of files or of shards.

    Yields:
        What :func:`load_images` returns.

    Raises:
        ValueError: If the folder does not exist or holds no images.
    """
    if not Path(folder).is_dir():
        raise ValueError(f'there is no folder {folder}')
    files = list(scan_of(folder).files())
    visible = [file for file in files if not is_hidden(file)]
    found = False
    for extensions in (LISTED, LISTED + UNLISTED):
        for some in (visible, files):
            images = [f for f in some if f.lower().endswith(extensions)]
            for paths in (by_class(images), sorted(images)):
                if paths:
                    found = True
                    yield _with_classes(folder, paths)
    if not found:
        raise ValueError(f'found no images in {folder}')


def _with_classes(folder: str | os.PathLike, paths: list[str]) -> dict:
    """Return the images and, if all are in class folders, their classes."""
    root = image_root(folder)
    images = [os.path.join(root, path) for path in paths]
    classes = [class_of(path) for path in paths]
    if not all(classes):
        return dict(images=images)
    names = sorted(set(classes))
    numbers = {name: label for label, name in enumerate(names)}
    return dict(
        images=images,
        labels=[numbers[name] for name in classes],
        class_names=tuple(names),
    )
