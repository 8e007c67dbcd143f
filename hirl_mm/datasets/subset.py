import copy
from collections.abc import Sequence

from mmengine.dataset import BaseDataset


def subset_of(dataset: BaseDataset, indices: Sequence[int]) -> BaseDataset:
    """Return a data set of the given samples.

    Unlike ``BaseDataset.get_subset`` of MMEngine 0.10. That method copies
    with a memo that all its calls share, so that objects which were freed
    since then are taken for new ones at the same address: now and then, a
    subset gets another data set as its pipeline.

    Args:
        dataset: Data set; it is not changed. The result shares its pipeline.
        indices: Indices of the samples, in the order of the result.
    """
    dataset.full_init()
    part = copy.copy(dataset)
    part.get_subset_(indices)
    return part
