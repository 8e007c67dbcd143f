"""Which files of a scan are the images of a data set, in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from hirl_mm.datasets.image_files import is_hidden, left_out
from hirl_mm.datasets.listing.folder_scan import FolderScan


@dataclass(frozen=True)
class FoundImages:
    """Images that a data set finds in a folder.

    Args:
        paths: Relative paths of the N images. With labels class by class, in
            the order of the names of the class folders, and in each class in
            the order of the paths; else in the order of the paths.
        sizes: Number of the images by class folder, in this order; empty
            without labels.
        empty: Class folders without images, sorted; empty without labels.
        left_out: Number of images that are left out by extension, see
            :func:`~hirl_mm.datasets.image_files.left_out`.
    """

    paths: list[str]
    sizes: dict[str, int]
    empty: list[str]
    left_out: dict[str, int]


def find_images(
    scan: FolderScan, extensions: Sequence[str], with_label: bool
) -> FoundImages:
    """Choose the images of a folder and sort them as a data set reads them.

    Args:
        scan: Files of the folder. Those in hidden folders are left out.
        extensions: Extensions of images, in lower case.
        with_label: Whether the subfolders are the classes.
    """
    extensions = tuple(extensions)
    classes: dict[str, list[str]] = {}
    others: list[str] = []
    for folder, names in scan.folders():
        if is_hidden(f'{folder}/file'):
            continue
        start = f'{folder}/' if folder else ''
        one = classes.setdefault(folder.partition('/')[0], [])
        for name in names:
            listed = name.lower().endswith(extensions)
            (one if listed else others).append(start + name)
    if not with_label:
        paths = [path for one in classes.values() for path in one]
        counts = left_out(others, extensions, False)
        return FoundImages(sorted(paths), {}, [], counts)
    counts = left_out([*others, *classes.pop('', [])], extensions, True)
    found = {name: sorted(classes[name]) for name in sorted(classes)}
    return FoundImages(
        [path for one in found.values() for path in one],
        {name: len(one) for name, one in found.items() if one},
        [name for name, one in found.items() if not one],
        counts,
    )
