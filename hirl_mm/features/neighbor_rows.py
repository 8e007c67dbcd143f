"""Nearest neighbours of all images of a data set, some without features."""

import torch
from torch import Tensor

from .nearest import nearest_neighbors
from .shard import Shard, number_present


@torch.no_grad()
def neighbor_table_of(
    features: Tensor, k: int, *, sample_idx: Tensor, num_samples: int
) -> Tensor:
    """Find the ``k`` nearest images of every image of a data set.

    The neighbours are those of :func:`~hirl_mm.features.nearest_neighbors`
    among the images that have features. An image without features, because it
    could not be read, is its own only neighbour, and no neighbour of another
    image. A collective call if there is a process group.

    Args:
        features: (n, D) floating point, features of the images of this rank.
        k: Number of neighbours of every image, less than the number of images
            with features.
        sample_idx: (n,) long, sample indices of these images. Over all ranks
            no index may occur twice; indices may be missing.
        num_samples: Number of images N of the data set.

    Returns:
        (N, k) long, the whole table, the same on every rank.

    Raises:
        ValueError: If the shapes do not match, ``k`` is out of range, or a
            sample index occurs twice or lies outside [0, N).
        NonFiniteFeaturesError: If a feature is NaN or infinite.

    Example:
        >>> features = torch.tensor([[1., 0.], [0., 1.], [3., 1.]])
        >>> idx = torch.tensor([0, 1, 3])
        >>> neighbor_table_of(features, 2, sample_idx=idx, num_samples=4)
        tensor([[3, 1],
                [3, 0],
                [2, 2],
                [0, 1]])
    """
    if sample_idx.shape != features.shape[:1]:
        raise ValueError(
            f'sample_idx must hold one index for each of the {len(features)} '
            f'rows, got shape {tuple(sample_idx.shape)}'
        )
    shard = Shard(features, sample_idx)
    sample_idx = shard.sample_idx
    outside = ((sample_idx < 0) | (sample_idx >= num_samples)).sum()
    if shard.sum(outside):
        raise ValueError(
            f'the sample indices of {num_samples} images must be numbers from '
            f'0 to {num_samples - 1}, but {int(outside)} lie outside'
        )
    present, numbers = number_present(sample_idx, num_samples)
    if len(present) < shard.total:
        raise ValueError(
            f'no image may occur twice, got {shard.total} rows of features of '
            f'{len(present)} images'
        )
    if not 1 <= k < len(present):
        raise ValueError(
            'k must be at least 1 and less than the number of images with '
            'features, since no image is its own neighbour, got '
            f'k = {k} and {len(present)} such images of {num_samples}'
        )
    found = nearest_neighbors(features, k, sample_idx=numbers)
    whole = Shard(features, numbers).gather(found)
    table = torch.arange(num_samples, device=whole.device)
    table = table[:, None].repeat(1, k)
    table[present] = present[whole]
    return table
