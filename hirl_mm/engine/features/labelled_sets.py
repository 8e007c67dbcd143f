from collections.abc import Mapping

from mmengine.dataset import BaseDataset

from hirl_mm.datasets.class_alignment import (
    align_classes,
    without_hidden_classes,
)
from hirl_mm.datasets.distinct_images import (
    DistinctImages,
    distinct_images,
    simplest,
)
from hirl_mm.datasets.left_out import warn_of_left_out
from hirl_mm.datasets.list_checks import check_lists
from hirl_mm.datasets.wrappers import build_dataset


def labelled_sets(
    configs: Mapping[str, Mapping],
) -> dict[str, BaseDataset | DistinctImages]:
    """Build labelled data sets whose labels mean the same classes.

    Args:
        configs: Configs of the data sets by their names in messages. The
            first one numbers the classes.

    Returns:
        The data sets by name, see
        :func:`~hirl_mm.datasets.class_alignment.align_classes`; of wrappers
        the images that they repeat or join, each once. Warnings say which
        images and classes are left out.

    Raises:
        ValueError: If the data sets have no class in common, or a label has
            no name.
    """
    datasets = {}
    for name, cfg in configs.items():
        check_lists(cfg)
        built = without_hidden_classes(build_dataset(cfg), name)
        warn_of_left_out(built, name)
        datasets[name] = built
    align_classes(datasets)
    return {
        name: simplest(distinct_images(dataset))
        for name, dataset in datasets.items()
    }
