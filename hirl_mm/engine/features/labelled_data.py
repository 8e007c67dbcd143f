import logging
from pathlib import Path

import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from torch import Tensor

from hirl_mm.datasets.distinct_images import DistinctImages, distinct_images
from hirl_mm.datasets.image_label import label_of
from hirl_mm.datasets.subset import subset_of


def subset(
    dataset: BaseDataset | DistinctImages,
    num: int | None,
    seed: int,
    name: str,
) -> BaseDataset | DistinctImages:
    """Return random samples of a data set, numbered anew from 0.

    Args:
        dataset: Data set to draw from.
        num: Number of samples to draw; None for the whole data set. If the
            data set has fewer, all are taken, and the log says so.
        seed: Seed of the draw.
        name: Name of the data set in the error.

    Raises:
        ValueError: If ``num`` is below 1.
    """
    if num is None:
        return dataset
    if num < 1:
        raise ValueError(f'num_{name} must be at least 1, got {num}')
    if num > len(dataset):
        print_log(
            f'num_{name} is {num}, but the data set has {len(dataset)} '
            'samples: all are taken',
            'current',
            logging.WARNING,
        )
        return dataset
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(dataset), generator=generator)[:num]
    chosen = sorted(drawn.tolist())
    if isinstance(dataset, DistinctImages):
        return dataset.get_subset(chosen)
    return subset_of(dataset, chosen)


def labels_of(dataset: BaseDataset | DistinctImages, name: str) -> Tensor:
    """Return the class of every sample, (N,) long.

    Args:
        dataset: Labelled data set.
        name: Name of the data set in the error.

    Raises:
        ValueError: If samples have no label, or the parts of a concatenation
            have different classes.
    """
    check_one_list_of_classes(dataset)
    labels = [label_of(dataset.get_data_info(i)) for i in range(len(dataset))]
    unlabelled = labels.count(None)
    if unlabelled:
        raise ValueError(
            f'evaluation needs labels, but {unlabelled} of the '
            f'{len(labels)} samples '
            f'of the {name} ({type(dataset).__name__} at '
            f'{dataset.data_root}) have none: use with_label=True and one '
            'folder per class, or an annotation file'
        )
    return torch.tensor(labels)


def check_one_list_of_classes(dataset: BaseDataset | DistinctImages) -> None:
    """Raise ValueError if the parts of a concatenation differ in classes."""
    if isinstance(dataset, DistinctImages):
        _ = dataset.CLASSES


def multi_label_targets_of(
    dataset: BaseDataset | DistinctImages, name: str
) -> Tensor:
    """Return the classes that every sample shows, (N, C) int8.

    An entry is 1 if the sample shows the class and 0 if it does not. It is -1
    if all objects of the class in the image are marked as difficult, as VOC
    does.

    Args:
        dataset: Multi-label data set.
        name: Name of the data set in the error.

    Raises:
        ValueError: If samples have no list of labels, or classes no names.
    """
    # A data set of MMEngine has its classes in metainfo alone.
    names = distinct_images(dataset).CLASSES
    if names is None:
        raise ValueError(
            f'the {name} ({type(dataset).__name__} at {dataset.data_root}) '
            'has no names of classes: give metainfo=dict(classes=...)'
        )
    targets = torch.zeros(len(dataset), len(names)).char()
    for index, target in enumerate(targets):
        info = dataset.get_data_info(index)
        if not isinstance(info.get('gt_label'), list):
            raise ValueError(
                f'the samples of {name} ({type(dataset).__name__} at '
                f'{dataset.data_root}) have no lists of labels: use a '
                'multi-label data set, such as VOC'
            )
        target[info.get('gt_label_difficult') or []] = -1
        target[info['gt_label']] = 1
    return targets


def class_names_of(dataset: BaseDataset | DistinctImages) -> list[str]:
    """Return a name per class that a taxonomy knows.

    If every class is one folder of images, these are the names of the
    folders, for ImageNet the WordNet ids. Otherwise they are the class names
    of the data set, which are made for people, or the numbers of the classes
    if it states no names.

    Args:
        dataset: Labelled data set.
    """
    folders: dict[int, set[str]] = {}
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        folder = Path(info.get('img_path') or '').parent.name
        label = label_of(info)
        assert label is not None
        folders.setdefault(label, set()).add(folder)
    stated = dataset.metainfo.get('classes')
    names = list(
        map(str, range(max(folders) + 1) if stated is None else stated)
    )
    of_class = [folders.get(label, set()) for label in range(len(names))]
    distinct = set().union(*of_class)
    if len(distinct) == len(names) == sum(map(len, of_class)):
        return [name for (name,) in of_class]
    return names


def paths_of(dataset: BaseDataset | DistinctImages) -> list[str]:
    """Return the path of every image, or its place if it is an array."""
    images = distinct_images(dataset)
    return [images.name(idx) for idx in range(len(images))]
