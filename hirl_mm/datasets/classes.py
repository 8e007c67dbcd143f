"""Names of the classes of a data set."""

import os
from collections.abc import Sequence
from functools import cached_property

from mmengine.dataset import BaseDataset

from hirl_mm.datasets.labels import labels_in


class Classes:
    """Names of the classes of a data set, and which of them have images.

    Args:
        dataset: A data set that is not a wrapper.
        what: Name of the data set in messages, such as ``'queries'``.

    Attributes:
        used: Labels that images have.
        given: Class names that the data set states, None without names.
    """

    def __init__(self, dataset: BaseDataset, what: str) -> None:
        self.dataset = dataset
        self.what = what
        self._labels = labels_in(dataset)
        self.used = {k for labels in self._labels for k in labels}
        names = dataset.metainfo.get('classes')
        self.given = None if names is None else list(map(str, names))
        self._numbers = getattr(dataset, 'folder_to_idx', None) or {}

    @property
    def counted(self) -> bool:
        """Whether the classes are the folders, which the data set counted."""
        if not self.given:
            return False
        return {*self._numbers} == {*self.given}

    @cached_property
    def names(self) -> dict[int, str] | None:
        """Name of every class by its label; None if there are no names.

        Hidden folders and folders without images are no classes.

        Raises:
            ValueError: If images have labels that have no name.
        """
        if self.given is None:
            return None
        names = dict(enumerate(self.given))
        if self.counted:
            by_label = {k: name for name, k in self._numbers.items()}
            names = {k: by_label[k] for k in sorted(self.used)}
            return {k: n for k, n in names.items() if not n.startswith('.')}
        unnamed = sorted(self.used - set(names))
        if unnamed:
            raise ValueError(
                f'{self.what}: images have the labels {unnamed[:5]}, but '
                f'there are names of {len(names)} classes: labels lie '
                f'between 0 and {len(names) - 1}. Correct the labels, or '
                'state all classes'
            )
        return names

    @cached_property
    def hidden(self) -> list[int]:
        """Indices of the images in hidden class folders."""
        if not self.counted:
            return []
        named = set(self.names or ())
        return [
            index
            for index, labels in enumerate(self._labels)
            if not set(labels) <= named
        ]

    @cached_property
    def folders(self) -> dict[int, str] | None:
        """Name of the folder of every class, by label.

        None if a class has images in several folders, or a folder images of
        several classes.
        """
        found: dict[int, str] = {}
        for index, labels in enumerate(self._labels):
            path = self.dataset.get_data_info(index).get('img_path')
            if path is None or len(labels) != 1:
                return None
            folder = os.path.basename(os.path.dirname(str(path)))
            if found.setdefault(labels[0], folder) != folder:
                return None
        distinct = len({*found.values()}) == len(found)
        return dict(sorted(found.items())) if distinct else None


class ClassList:
    """Names of classes without a data set, in place of :class:`Classes`.

    Args:
        names: Names in the order of their labels.
        what: Name of the list in messages.
    """

    folders = None
    hidden = ()
    counted = False

    def __init__(self, names: Sequence[str], what: str) -> None:
        self.what = what
        self.given = list(map(str, names))
        self.names = dict(enumerate(self.given))
        self.used = set(self.names)
