from collections.abc import Sized

from mmengine.dataset import InfiniteSampler
from torch.utils.data import BatchSampler, DataLoader

from hirl_mm.datasets.seeded_batches import SeededBatches


def batch_size_of(loader: DataLoader) -> int | None:
    """Return the batch size of a loader on this rank, None if unknown.

    Args:
        loader: Loader of the training.
    """
    return getattr(loader.batch_sampler, 'batch_size', loader.batch_size)


def batch_sizes_of(loader: DataLoader) -> set[int]:
    """Return all batch sizes that occur on this rank.

    An epoch without ``drop_last`` can end with a smaller batch.

    Args:
        loader: Loader of the training.

    Returns:
        Batch sizes; empty if the loader has no batch, or if a sampler without
        a length or a batch sampler of another library composes the batches.
    """
    sampler = loader.batch_sampler
    if isinstance(sampler, SeededBatches):
        sampler = sampler.batches
    if type(sampler) is not BatchSampler:
        return set()
    size = sampler.batch_size
    if isinstance(sampler.sampler, InfiniteSampler):
        return {size}
    if not isinstance(sampler.sampler, Sized):
        return set()
    num = len(sampler.sampler)
    sizes = {size} if num >= size else set()
    if num % size and not sampler.drop_last:
        sizes.add(num % size)
    return sizes
