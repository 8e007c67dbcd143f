import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree


def moved_shares(
    before: PrototypeTree, after: PrototypeTree
) -> tuple[float, ...]:
    """Compute the fraction of images that changed their prototype.

    The numbering of prototypes differs between trees. Every new prototype is
    therefore matched with the old prototype of most of its images; its other
    images have moved.

    Args:
        before: Earlier tree of N images.
        after: Later tree of the same images, with as many levels.

    Returns:
        Fraction of moved images on every level, from fine to coarse.

    Raises:
        ValueError: If the trees have different numbers of images or levels.
    """
    old, new = (tree.leaf_paths[tree.leaf] for tree in (before, after))
    if old.shape != new.shape:
        raise ValueError(
            'trees to compare must have the same images and levels, got '
            f'(images, levels) {tuple(old.shape)} and {tuple(new.shape)}'
        )
    old = old.to(new.device)
    return tuple(
        _moved(old[:, level], new[:, level], *sizes)
        for level, sizes in enumerate(
            zip(before.num_prototypes, after.num_prototypes, strict=True)
        )
    )


def _moved(old: Tensor, new: Tensor, num_old: int, num_new: int) -> float:
    pairs, counts = torch.unique(new * num_old + old, return_counts=True)
    most = counts.new_zeros(num_new)
    most.scatter_reduce_(0, pairs // num_old, counts, 'amax')
    return 1 - int(most.sum()) / len(new)
