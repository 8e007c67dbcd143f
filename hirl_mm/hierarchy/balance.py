"""Split a number of images evenly over the branches of a tree."""

from collections.abc import Sequence

import torch
from torch import Tensor


def branch_sizes(
    leaf_sizes: Tensor, parents: Sequence[Tensor], num_top: int
) -> list[Tensor]:
    """Return the sizes of the prototypes of all levels from those of leaves.

    Args:
        leaf_sizes: (K_0,) long.
        parents: ``L - 1`` long tensors (K_l,), as those of a
            :class:`~hirl_mm.structures.PrototypeTree`.
        num_top: Number of prototypes of the coarsest level.

    Returns:
        ``L`` long tensors (K_l,), level 0 first.
    """
    sizes = [leaf_sizes]
    nums = [*(len(parent) for parent in parents[1:]), num_top]
    for parent, num in zip(parents, nums, strict=False):
        total = leaf_sizes.new_zeros(num)
        sizes.append(total.scatter_add_(0, parent, sizes[-1]))
    return sizes


def balanced_counts(
    leaf_sizes: Tensor,
    parents: Sequence[Tensor],
    num_top: int,
    num: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return how many images to take from every leaf for a balanced subset.

    This is the hierarchical sampling of `automatic data curation
    <https://arxiv.org/abs/2405.15613>`_: the budget is split from the top of
    the tree down. Every branch gets an equal share of its
    parent's budget, or all of its images if it has fewer; what it leaves
    goes to its siblings in equal shares.

    Args:
        leaf_sizes: (K_0,) long, number of images of every leaf.
        parents: ``L - 1`` long tensors (K_l,).
        num_top: Number of prototypes of the coarsest level.
        num: Number of images to take.
        generator: Decides which branches get one image more where a budget
            cannot be divided evenly.

    Returns:
        (K_0,) long, at most ``leaf_sizes``; their sum is ``num``.

    Raises:
        ValueError: If there are fewer than ``num`` images.

    Example:
        >>> sizes = torch.tensor([10, 10, 80, 1])
        >>> balanced_counts(sizes, [torch.tensor([0, 0, 1, 1])], 2, num=20)
        tensor([5, 5, 9, 1])
    """
    sizes = branch_sizes(leaf_sizes, parents, num_top)
    total = int(leaf_sizes.sum())
    if not 0 <= num <= total:
        raise ValueError(
            f'{num} images cannot be taken from the {total} images that have '
            f'a leaf: take between 0 and {total}'
        )
    counts = even_counts(
        sizes[-1],
        torch.zeros_like(sizes[-1]),
        leaf_sizes.new_tensor([num]),
        generator,
    )
    for level in reversed(range(len(parents))):
        counts = even_counts(sizes[level], parents[level], counts, generator)
    return counts


def even_counts(
    sizes: Tensor,
    group: Tensor,
    budget: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Split the budget of every group evenly over its members.

    Args:
        sizes: (n,) long, the most that every member can take.
        group: (n,) long, the group of every member.
        budget: (g,) long, at most the sum of the sizes of the group.
        generator: Decides which members get one more than others.

    Returns:
        (n,) long. Within a group two members differ by more than one only if
        the one with less has all it can take.
    """
    # The largest level that fills all members of a group within its budget.
    low, high = torch.zeros_like(budget), budget.clone()
    while (open_ := low < high).any():
        middle = (low + high + 1) // 2
        filled = torch.minimum(sizes, middle[group])
        fits = torch.zeros_like(budget).scatter_add_(0, group, filled)
        fits = fits <= budget
        low = torch.where(open_ & fits, middle, low)
        high = torch.where(open_ & ~fits, middle - 1, high)
    counts = torch.minimum(sizes, low[group])
    left = budget - torch.zeros_like(budget).scatter_add_(0, group, counts)
    wants = sizes > counts
    draw = torch.rand(len(sizes), generator=generator, dtype=torch.float64)
    draw = torch.where(wants.cpu(), draw, 2.0).to(sizes.device)
    return counts + (rank_in_group(group, draw) < left[group]).long()


def rank_in_group(group: Tensor, key: Tensor) -> Tensor:
    """Return the place of every member in its group by a key, from 0.

    Args:
        group: (n,) long, at least 0.
        key: (n,) values; of equal keys, the smaller index comes first.

    Returns:
        (n,) long.
    """
    order = key.argsort(stable=True)
    order = order[group[order].argsort(stable=True)]
    sizes = group.bincount()
    start = sizes.cumsum(0) - sizes
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=order.device)
    return rank - start[group]
