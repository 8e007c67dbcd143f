import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.logging import MMLogger

from hirl_mm.datasets.compact_images import CompactImages
from hirl_mm.datasets.image_files import left_out_text
from hirl_mm.datasets.image_table import ImageTable
from hirl_mm.datasets.list_files import (
    read_entries,
    read_lines,
    read_paths,
)
from hirl_mm.datasets.listing.found_images import find_images
from hirl_mm.datasets.shards.backend import image_root
from hirl_mm.datasets.shards.locations import scan_of
from hirl_mm.registry import DATASETS
from hirl_mm.tables import printable


@DATASETS.register_module()
class FolderImages(CompactImages):
    """Data set of the images in a local folder, all or those of a list.

    The folder may hold the images in shards instead, see ``docs/data.md``.

    It takes the arguments of ``mmpretrain.CustomDataset`` and has the same
    images in the same order, with these differences:

    - Hidden folders, such as ``.ipynb_checkpoints``, are not read, and
      folders without images are no classes.
    - Images that are left out, because of their extension or because they
      are in no class folder, are counted, and a warning says how to read
      them.
    - ``classes`` numbers the class folders by their names. A split may then
      lack some of the classes.
    - A list (``ann_file``), or a file of class names (``classes``), may have
      blank lines, tabs and the line ends of Windows. Without labels
      (``with_label=False``), labels in the list are left out.

    Args:
        classes: Names of the classes in the order of their labels, or path of
            a file with one name per line; None for the names of the folders.
        **kwargs: Arguments of ``CustomDataset``.

    Raises:
        FileNotFoundError: If there is no such folder.
        RuntimeError: If there are no images.
        ValueError: If ``classes`` do not fit the class folders, or a line of
            the list has no label or leads out of the folder. The error names
            the file and the line.

    Example:
        >>> train_dataloader = dict(dataset=dict(
        ...     type='hirl_mm.FolderImages', data_root='data/pets',
        ...     data_prefix='train', extensions=('.jpg', '.webp')))
    """

    def __init__(
        self, *, classes: str | Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        if isinstance(classes, str):
            lines = read_lines(os.path.expanduser(classes))
            classes = [name for _, name in lines]
        super().__init__(classes=classes, **kwargs)

    def load_table(self) -> ImageTable:
        names, labels = self._listed() if self.ann_file else self._found()
        return ImageTable(names, labels, image_root(self.img_prefix))

    def _listed(self) -> tuple[list[str], Sequence[int] | None]:
        """Return the images of the list, and their labels if it has any."""
        if not self.with_label:
            paths = read_paths(self.ann_file, self.extensions, self.img_prefix)
            return paths, None
        entries = read_entries(self.ann_file, self.img_prefix)
        return [path for path, _ in entries], [label for _, label in entries]

    def _found(self) -> tuple[list[str], np.ndarray | None]:
        """Return the images of the folder, and their labels if it has any."""
        if not os.path.isdir(self.img_prefix):
            raise FileNotFoundError(
                f'there is no folder {self.img_prefix}: set data_root and '
                'data_prefix to the folder of the images'
            )
        scan = scan_of(self.img_prefix)
        found = find_images(scan, self.extensions, self.with_label)
        logger = MMLogger.get_current_instance()
        if found.left_out:
            logger.warning(
                left_out_text(self.img_prefix, found.left_out, self.extensions)
            )
        if not found.paths:
            where = 'class folders of ' if self.with_label else ''
            raise RuntimeError(
                f'found no images with the extensions '
                f'{", ".join(sorted(self.extensions))} in '
                f'{where}{self.img_prefix}'
            )
        if not self.with_label:
            return found.paths, None
        if found.empty:
            logger.warning(
                f'{self.img_prefix}: folders without images are no classes: '
                f'{printable(", ".join(found.empty))}'
            )
        self.folder_to_idx = number_folders([*found.sizes], self.CLASSES)
        if self.CLASSES is None:
            self._metainfo['classes'] = tuple(found.sizes)
        labels = [self.folder_to_idx[name] for name in found.sizes]
        return found.paths, np.repeat(labels, list(found.sizes.values()))


def number_folders(
    folders: Sequence[str], classes: Sequence[str] | None
) -> dict[str, int]:
    """Return the label of every class folder.

    Args:
        folders: Names of the folders that have images, sorted.
        classes: Names of the classes in the order of their labels, of which
            there may be more than folders, or as many names for people;
            None to number the folders in their order.

    Raises:
        ValueError: If a folder is none of the classes, and ``classes`` are
            not names for all folders.

    Example:
        >>> number_folders(['cat', 'fox'], ['cat', 'dog', 'fox'])
        {'cat': 0, 'fox': 2}
        >>> number_folders(['n01', 'n02'], ['cat', 'dog'])
        {'n01': 0, 'n02': 1}
    """
    if not classes:
        return {folder: i for i, folder in enumerate(folders)}
    named = {name: i for i, name in enumerate(classes)}
    unknown = [folder for folder in folders if folder not in named]
    if not unknown:
        return {folder: named[folder] for folder in folders}
    if len(unknown) == len(folders) == len(classes):
        return {folder: i for i, folder in enumerate(folders)}
    raise ValueError(
        f'{len(unknown)} of the {len(folders)} class folders are none of the '
        f'{len(classes)} classes: {", ".join(unknown[:5])}. Add them to '
        'classes, delete the folders, or leave classes out to take the names '
        'of the folders'
    )
