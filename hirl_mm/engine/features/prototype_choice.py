"""Choosing some of the prototypes of a scale or a level."""

from collections.abc import Sequence

import torch
from torch import Tensor


def spread_choice(counts: Tensor, num: int) -> list[int]:
    """Choose prototypes of all sizes, from the largest to the smallest.

    Args:
        counts: (K,) long, number of rows of every prototype. Those without a
            row are not chosen.
        num: Largest number of prototypes to choose.

    Returns:
        At most ``num`` prototypes at equal distances in the order of their
        sizes, the largest first; of equal sizes, the smaller number first.

    Example:
        >>> spread_choice(torch.tensor([5, 0, 9, 7, 1, 3]), num=3)
        [2, 0, 4]
    """
    order = counts.cpu().argsort(descending=True, stable=True)
    order = order[: int((counts > 0).sum())]
    num = min(num, len(order))
    places = torch.linspace(0, max(len(order) - 1, 0), num, dtype=torch.double)
    return order[places.round().long()].tolist()


def check_choice(chosen: Sequence[int], num: int, name: str) -> None:
    """Raise ValueError for prototypes that do not exist.

    Args:
        chosen: Numbers of prototypes.
        num: Number of prototypes K.
        name: What has these prototypes, such as ``'scale 1'``.
    """
    outside = [number for number in chosen if not 0 <= number < num]
    if outside:
        raise ValueError(
            f'the prototypes of {name} have the numbers 0 to {num - 1}, got '
            f'{", ".join(map(str, outside))}: choose others with '
            '--prototypes, or other scales or levels with --show'
        )
