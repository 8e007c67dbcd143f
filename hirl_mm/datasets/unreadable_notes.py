"""Images that a training could not read, and replaced by others."""

import torch
from torch import Tensor
from torch.utils.data import Dataset

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.sample_numbers import number_samples
from hirl_mm.datasets.transforms.load_image import LoadImage


def noted_unreadable(dataset: Dataset) -> Tensor | None:
    """Let a data set note the images that it could not read.

    A data set whose pipeline has ``LoadImage(ignore_empty=True)`` draws
    another image in place of one that cannot be read, without a word, mostly
    in a worker process. From now on it notes which one it was.

    Args:
        dataset: Data set of a training, before its workers are started. Its
            samples get the numbers of :func:`number_samples`.

    Returns:
        (N,) uint8 in memory that all workers share, 1 for every image that
        could not be read, in the order of :func:`distinct_images`; None if
        no image is ever replaced.
    """
    images = distinct_images(dataset)
    steps = [
        step
        for leaf in images.leaves
        for step in getattr(leaf.pipeline, 'transforms', [])
        if isinstance(step, LoadImage) and step.ignore_empty
    ]
    if not steps:
        return None
    number_samples(dataset)
    unreadable = torch.zeros(len(images), dtype=torch.uint8).share_memory_()
    for step in steps:
        step.unreadable = unreadable
    return unreadable
