"""Check the data and options of an evaluation before the extraction."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch import Tensor

from hirl_mm.datasets.distinct_images import DistinctImages
from hirl_mm.datasets.taxonomy import HIERARCHY_FILE, load_taxonomy
from hirl_mm.engine.features.labelled_data import (
    class_names_of,
    labels_of,
    paths_of,
)
from hirl_mm.evaluation.frozen_protocols import Taxonomy
from hirl_mm.evaluation.label_subsets import label_subset, subset_from_list


@dataclass(frozen=True)
class FrozenPlan:
    """Labels, subsets and taxonomy of an evaluation of frozen features.

    Args:
        train_labels: Classes of the training images, (N,) long.
        val_labels: Classes of the validation images, (Q,) long.
        class_names: Name of every class.
        subsets: Indices of the training images in every share, by the name of
            the share, such as ``'1%'``.
        taxonomy: The taxonomy of the classes, if there is one.
    """

    train_labels: Tensor
    val_labels: Tensor
    class_names: list[str]
    subsets: dict[str, Tensor]
    taxonomy: Taxonomy | None


def plan_evaluation(
    train: BaseDataset | DistinctImages,
    val: BaseDataset | DistinctImages,
    ks: Sequence[int],
    shares: Sequence[str],
    hierarchy: str | None = None,
    seed: int = 0,
) -> FrozenPlan:
    """Check the data and options of an evaluation, and read their labels.

    Args:
        train: Labelled training images.
        val: Labelled validation images.
        ks: Numbers of neighbours k of the kNN classifier.
        shares: Shares of the training images that logistic regression learns
            from: ``'1%'`` draws 1 % of the images of every class,
            ``'1%=FILE'`` takes the images listed in a file. A share that is
            less than half an image of every class has no images.
        hierarchy: Path of a taxonomy file; None for the file
            ``hierarchy.json`` beside the images, if there is one.
        seed: Seed of the drawn shares.

    Returns:
        The labels, the subsets of the shares and the taxonomy.

    Raises:
        ValueError: If labels are missing, a k is below 1, the validation
            images have a class that the training images do not have, or a
            share or the taxonomy does not fit the training images.
        FileNotFoundError: If the taxonomy or the list of a share is missing.
    """
    train_labels = labels_of(train, 'training images')
    val_labels = labels_of(val, 'validation images')
    names = class_names_of(train)
    if min(ks) < 1:
        raise ValueError(
            f'k must be at least 1, got {min(ks)}: give other numbers of '
            'neighbours with --ks'
        )
    if int(val_labels.max()) >= len(names):
        raise ValueError(
            f'the validation images ({val.data_root}) have a class '
            f'{int(val_labels.max())}, but the training images '
            f'({train.data_root}) have {len(names)} classes: evaluate with '
            'two splits of one data set'
        )
    return FrozenPlan(
        train_labels,
        val_labels,
        names,
        {
            share.partition('=')[0]: _subset(share, train, train_labels, seed)
            for share in shares
        },
        _taxonomy(hierarchy, Path(train.data_root), names),
    )


def _subset(
    share: str,
    dataset: BaseDataset | DistinctImages,
    labels: Tensor,
    seed: int,
) -> Tensor:
    name, _, file = share.partition('=')
    if file:
        chosen = subset_from_list(file, paths_of(dataset), labels.numpy())
        return torch.from_numpy(chosen)
    try:
        fraction = float(name.removesuffix('%')) / 100
    except ValueError:
        raise ValueError(
            f"a share is written as '1%' or '1%=FILE', got {share!r}"
        ) from None
    drawn = torch.from_numpy(label_subset(labels.numpy(), fraction, seed))
    # One image of every class is drawn at least, which is no such share if
    # all classes are that small.
    most = int(labels.bincount().max())
    return drawn if round(fraction * most) > 0 else drawn[:0]


def _taxonomy(
    file: str | None, data_root: Path, names: list[str]
) -> Taxonomy | None:
    default = data_root / HIERARCHY_FILE
    if file is None and not default.is_file():
        return None
    hierarchy = load_taxonomy(file or default, sorted(names))
    # Its tables have the classes in the order of their names.
    order = np.argsort(np.argsort(names))
    return Taxonomy(
        hierarchy.levels, [table[order] for table in hierarchy.tables()]
    )
