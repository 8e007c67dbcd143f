import torch
from mmengine.dataset import BaseDataset, ConcatDataset

from hirl_mm.datasets.distinct_images import distinct_images
from hirl_mm.datasets.wrappers import build_dataset
from hirl_mm.registry import DATASETS


@DATASETS.register_module(name='HeldOutSplit')
def held_out_split(
    dataset: dict, num_held_out: int, held_out: bool = False, seed: int = 0
) -> BaseDataset | ConcatDataset:
    """Split a data set at random into two parts and return one of them.

    A config uses it as the type of a data set. A split of a million images
    is then given by three values instead of a list of indices. The images of
    concatenated data sets are split together. An image that a data set
    repeats comes once, in one of the parts: to repeat the rest in training,
    put RepeatDataset around the split.

    Args:
        dataset: Config of the whole data set.
        num_held_out: Number of images of the held-out part.
        held_out: True returns the held-out part, False the rest.
        seed: Seed of the split. The two parts of one seed have no image in
            common.

    Returns:
        The chosen part, in the order of the data set, with indices from 0.

    Raises:
        ValueError: If one of the parts would be empty.

    Example:
        >>> train_dataloader = dict(dataset=dict(
        ...     type='hirl_mm.HeldOutSplit',
        ...     dataset=dict(type='ImageNet', split='train'),
        ...     num_held_out=8000))
    """
    whole = distinct_images(build_dataset(dataset))
    num = len(whole)
    if not 1 <= num_held_out < num:
        raise ValueError(
            f'{num_held_out} of {num} images cannot be held out: hold out at '
            f'least 1 and leave at least 1 to train on, up to {num - 1}'
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(num, generator=generator)
    parts = drawn[num_held_out:], drawn[:num_held_out]
    chosen = whole.get_subset(parts[held_out].sort().values.tolist())
    if len(chosen.leaves) == 1:
        return chosen.leaves[0]
    return ConcatDataset(chosen.leaves, ignore_keys=list(whole.metainfo))
