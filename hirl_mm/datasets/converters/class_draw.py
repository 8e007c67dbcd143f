import os
from pathlib import Path

import numpy as np

from hirl_mm.datasets.image_files import LISTED, folders_in, visible_files
from hirl_mm.datasets.list_files import Entry


def draw_images(
    folder: str | os.PathLike, share: float, seed: int = 0
) -> list[Entry]:
    """Draw a share of the images of a folder, balanced over the classes.

    All classes get the same number of images, or some get one more, as in
    SimCLR's subsets of ImageNet; the classes with one more are drawn too.

    Args:
        folder: Folder of images ``folder/CLASS/NAME``. Labels are the
            indices of the sorted class folders; hidden folders are not read.
        share: Share of all images to draw, above 0 and at most 1; it is
            rounded to a number of images.
        seed: Seed of the draw. The draw depends on nothing but the seed and
            the names of the files.

    Returns:
        Path relative to ``folder`` and label of every drawn image, sorted.

    Raises:
        FileNotFoundError: If the folder does not exist, or has no class
            folders, or one of them has no images.
        ValueError: If the share is out of range, gives less than one image
            per class, or more images than the smallest class has.
    """
    images = _images_by_class(Path(folder))
    total = sum(map(len, images))
    num, num_classes = round(share * total), len(images)
    least = min(map(len, images))
    if not 0 < share <= 1 or not num_classes <= num <= least * num_classes:
        raise ValueError(
            f'a share of {share} is {num} of the {total} images of {folder}: '
            f'it must be at least one per class ({num_classes}) and at most '
            f'{least * num_classes}, since a class has only {least}'
        )
    generator = np.random.default_rng(seed)
    wanted = np.full(num_classes, num // num_classes)
    wanted[generator.permutation(num_classes)[: num % num_classes]] += 1
    entries = []
    for label, names in enumerate(images):
        drawn = generator.permutation(len(names))[: wanted[label]]
        entries += [(names[i], label) for i in sorted(drawn)]
    return entries


def _images_by_class(folder: Path) -> list[list[str]]:
    names = folders_in(folder) if folder.is_dir() else []
    images = {
        name: sorted(
            f'{name}/{file}'
            for file in visible_files(folder / name)
            if file.lower().endswith(LISTED)
        )
        for name in names
    }
    if not images or not all(images.values()):
        raise FileNotFoundError(
            f'{folder} must hold a folder of images per class, found '
            f'{len(images)} folders, {sum(map(bool, images.values()))} of '
            'them with images'
        )
    return list(images.values())
