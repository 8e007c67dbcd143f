import torch
from torch import Tensor

from hirl_mm.structures import NO_LEAF, PrototypeTree


def moved_shares(
    before: PrototypeTree, after: PrototypeTree
) -> tuple[float, ...]:
    """Compute the fraction of images that changed their prototype.

    The numbering of prototypes differs between trees. Every new prototype is
    therefore matched with the old prototype of most of its images; its other
    images have moved. Images without a leaf in one of the trees do not count.

    Args:
        before: Earlier tree of N images.
        after: Later tree of the same images, with as many levels.

    Returns:
        Fraction of moved images on every level, from fine to coarse; 0 if no
        image has a leaf in both trees.

    Raises:
        ValueError: If the trees have different numbers of images or levels.
    """
    old, new = (tree.paths(tree.leaf) for tree in (before, after))
    if old.shape != new.shape:
        raise ValueError(
            'trees to compare must have the same images and levels, got '
            f'(images, levels) {tuple(old.shape)} and {tuple(new.shape)}'
        )
    old = old.to(new.device)
    if not (before.is_complete and after.is_complete):
        in_both = (old[:, 0] != NO_LEAF) & (new[:, 0] != NO_LEAF)
        old, new = old[in_both], new[in_both]
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
    return 1 - int(most.sum()) / len(new) if len(new) else 0.0
