"""Which images a balanced subset of a tree consists of."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .balance import balanced_counts, rank_in_group

HOW = 'random', 'closest', 'furthest'


def draw_balanced(
    leaf: Tensor,
    parents: Sequence[Tensor],
    nums: Sequence[int],
    num: int,
    *,
    how: str = 'random',
    similarity: Tensor | None = None,
    seed: int = 0,
) -> Tensor:
    """Draw a subset of images that is balanced over the branches of a tree.

    Args:
        leaf: (N,) long, the leaf of every image, negative for images not to
            draw.
        parents: ``L - 1`` long tensors (K_l,).
        nums: Number of prototypes of every level.
        num: Number of images to draw, see
            :func:`~hirl_mm.hierarchy.balance.balanced_counts`.
        how: Which images of a leaf: ``'random'`` ones, or the ``'closest'``
            to its prototype or the ``'furthest'`` from it.
        similarity: (N,) floating point, similarity of every image and the
            prototype of its leaf; not needed for random images.
        seed: Seed of all random choices.

    Returns:
        (num,) long, ascending numbers of images.

    Raises:
        ValueError: If ``how`` is unknown, ``similarity`` is missing, or there
            are fewer than ``num`` images.

    Example:
        >>> leaf = torch.tensor([0, 0, 0, 0, 1, -1])
        >>> draw_balanced(leaf, [], [2], num=2, how='closest',
        ...               similarity=torch.tensor([.1, .2, .9, .3, .1, 1.]))
        tensor([2, 4])
    """
    if how not in HOW:
        raise ValueError(f'how must be one of {HOW}, got {how!r}')
    generator = torch.Generator().manual_seed(seed)
    present = (leaf >= 0).nonzero().flatten()
    sizes = leaf[present].bincount(minlength=nums[0])
    counts = balanced_counts(sizes, parents, nums[-1], num, generator)
    if how == 'random':
        key = _random_key(len(present), generator)
    elif similarity is None:
        raise ValueError(
            f'how={how!r} needs the similarity of every image and its leaf'
        )
    else:
        key = similarity[present] * (-1 if how == 'closest' else 1)
    rank = rank_in_group(leaf[present], key)
    return present[rank < counts[leaf[present]]]


def draw_repeated(
    leaf: Tensor,
    parents: Sequence[Tensor],
    nums: Sequence[int],
    num: int,
    max_repeats: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw images balanced over the branches; images of small ones repeat.

    Every branch gets an equal share, but no more than ``max_repeats`` times
    its images; within a leaf, all images come equally often, or some one time
    more. If even all images ``max_repeats`` times are fewer than ``num``,
    they repeat more often.

    Args:
        leaf: (N,) long, the leaf of every image, negative for images not to
            draw. At least one is not negative.
        parents: ``L - 1`` long tensors (K_l,).
        nums: Number of prototypes of every level.
        num: Number of images to draw.
        max_repeats: Largest number of times that an image is drawn.
        generator: Random number generator on the CPU.

    Returns:
        (num,) long, numbers of images in random order.
    """
    present = (leaf >= 0).nonzero().flatten()
    of = leaf[present]
    sizes = of.bincount(minlength=nums[0])
    times = max(max_repeats, -(-num // len(present)))
    counts = balanced_counts(sizes * times, parents, nums[-1], num, generator)
    rank = rank_in_group(of, _random_key(len(present), generator))
    most = sizes.clamp(min=1)
    repeats = (counts // most)[of] + (rank < (counts % most)[of])
    drawn = present.repeat_interleave(repeats)
    return drawn[torch.randperm(len(drawn), generator=generator)]


def _random_key(num: int, generator: torch.Generator) -> Tensor:
    return torch.rand(num, generator=generator, dtype=torch.float64)
