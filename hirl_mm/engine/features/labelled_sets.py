from collections.abc import Mapping

from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS

from hirl_mm.datasets.class_alignment import (
    align_classes,
    without_hidden_classes,
)
from hirl_mm.datasets.left_out import warn_of_left_out
from hirl_mm.datasets.list_checks import check_lists


def labelled_sets(configs: Mapping[str, dict]) -> dict[str, BaseDataset]:
    """Build labelled data sets whose labels mean the same classes.

    Args:
        configs: Configs of the data sets by their names in messages. The
            first one numbers the classes.

    Returns:
        The data sets by name, see
        :func:`~hirl_mm.datasets.class_alignment.align_classes`. Warnings say
        which images and classes are left out.

    Raises:
        ValueError: If the data sets have no class in common, or a label has
            no name.
    """
    datasets = {}
    for name, cfg in configs.items():
        check_lists(cfg)
        built = without_hidden_classes(DATASETS.build(cfg), name)
        warn_of_left_out(built, name)
        datasets[name] = built
    align_classes(datasets)
    return datasets
