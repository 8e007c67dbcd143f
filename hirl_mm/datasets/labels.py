"""Reading and changing the labels of data sets, those in wrappers too."""

from collections.abc import Mapping, Sequence

from mmengine.dataset import BaseDataset

from hirl_mm.datasets.compact_images import CompactImages, image_labels
from hirl_mm.datasets.image_label import plain
from hirl_mm.datasets.wrappers import leaves_of


def labels_in(dataset: BaseDataset) -> list[list[int]]:
    """Return the labels of every image.

    Args:
        dataset: Data set whose images have one label, several or none.
    """
    known = image_labels(dataset)
    if known is not None:
        return [[] if label is None else [label] for label in known]
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [as_list(info.get('gt_label')) for info in infos]


def relabel(dataset: BaseDataset, table: Mapping[int, int]) -> None:
    """Change the labels of a data set that is not a wrapper, in place.

    Args:
        dataset: Data set of MMEngine.
        table: New label of every label.
    """
    if isinstance(dataset, CompactImages):
        dataset.relabel(table)
        return
    infos = []
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        info.pop('sample_idx', None)
        for key in 'gt_label', 'gt_label_difficult':
            found = info.get(key)
            if found is not None:
                changed = [table[label] for label in as_list(found)]
                several = isinstance(found, (list, tuple))
                info[key] = changed if several else changed[0]
        infos.append(info)
    dataset.data_list = infos
    if dataset.serialize_data:
        parts = dataset._serialize_data()
        dataset.data_bytes, dataset.data_address = parts


def set_class_names(dataset: BaseDataset, names: Sequence[str]) -> None:
    """Change the class names of a data set and of those that it wraps.

    Args:
        dataset: Data set or wrapper.
        names: Names in the order of the labels.
    """
    dataset._metainfo['classes'] = tuple(names)
    for leaf in leaves_of(dataset):
        leaf._metainfo['classes'] = tuple(names)
        if getattr(leaf, 'folder_to_idx', None):
            numbers = {name: i for i, name in enumerate(names)}
            leaf.folder_to_idx = {
                name: numbers[name]
                for name in leaf.folder_to_idx
                if name in numbers
            }


def as_list(label: object) -> list[int]:
    """Return the label or labels of an image as integers.

    Args:
        label: An integer of any type, or a sequence of them. Other values,
            such as the labels of several tasks, are no labels.
    """
    label = plain(label)
    labels = label if isinstance(label, (list, tuple)) else [label]
    numbers = [k for k in labels if isinstance(k, int)]
    return numbers if len(numbers) == len(labels) else []
