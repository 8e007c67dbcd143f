import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree


def moved_shares(
    before: PrototypeTree, after: PrototypeTree
) -> tuple[float, ...]:
    """Compute the share of images that changed their path between trees.

    Prototypes of two trees have no names in common, so a new prototype is
    identified with the old one that most of its images had; the other images
    have moved.

    Args:
        before: A tree of N images.
        after: A tree of the same images and as many levels.

    Returns:
        Per level, from fine to coarse, from 0 to 1.

    Raises:
        ValueError: If the trees are not of the same images or levels.
    """
    old, new = (tree.leaf_paths[tree.leaf] for tree in (before, after))
    if old.shape != new.shape:
        raise ValueError(
            'trees to compare must be of the same images and levels, got '
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
