import torch
from mmengine.dataset import BaseDataset
from mmpretrain.registry import DATASETS as MMPRETRAIN_DATASETS

from hirl_mm.registry import DATASETS


@DATASETS.register_module(name='HeldOutSplit')
def held_out_split(
    dataset: dict, num_held_out: int, held_out: bool = False, seed: int = 0
) -> BaseDataset:
    """One of the two parts of a data set, drawn at random.

    A config takes it as the type of a data set, so that a run names a split
    of a million images by three values instead of by their indices.

    Args:
        dataset: Config of the whole data set.
        num_held_out: Images of the part held out.
        held_out: Whether to build that part, or the rest.
        seed: Of the draw; the parts of one seed have no image in common.

    Returns:
        The part, in the order of the data set, numbered from 0.

    Raises:
        ValueError: If one of the parts would be empty.

    Example:
        >>> train_dataloader = dict(dataset=dict(
        ...     type='hirl_mm.HeldOutSplit',
        ...     dataset=dict(type='ImageNet', split='train'),
        ...     num_held_out=8000))
    """
    whole = MMPRETRAIN_DATASETS.build(dataset)
    whole.full_init()
    num = len(whole)
    if not 1 <= num_held_out < num:
        raise ValueError(
            f'{num_held_out} of {num} images cannot be held out: hold out at '
            f'least 1 and leave at least 1 to train on, up to {num - 1}'
        )
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(num, generator=generator)
    parts = drawn[num_held_out:], drawn[:num_held_out]
    return whole.get_subset(parts[held_out].sort().values.tolist())
