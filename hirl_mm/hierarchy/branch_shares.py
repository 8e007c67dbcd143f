"""The share of every branch of a tree in all images, and in a subset."""

from typing import NamedTuple

import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .balance import branch_sizes


class LevelShares(NamedTuple):
    """Shares of the prototypes of a level.

    Args:
        images: (K,) long, number of images.
        drawn: (K,) long, number of those that were drawn.
    """

    images: Tensor
    drawn: Tensor

    def rows(self) -> list[tuple[int, int, float, int, float]]:
        """Return branch, images, share, drawn, share of the drawn ones.

        The largest branch comes first; of equal ones, the smaller number.
        """
        order = self.images.argsort(descending=True, stable=True)
        total = max(1, int(self.images.sum()))
        drawn = max(1, int(self.drawn.sum()))
        return [
            (node, num, num / total, taken, taken / drawn)
            for node, num, taken in zip(
                order.tolist(),
                self.images[order].tolist(),
                self.drawn[order].tolist(),
                strict=True,
            )
        ]

    def evenness(self) -> tuple[float, float]:
        """Return how evenly images, and drawn ones, fill the branches.

        It is the entropy of the shares over its largest value: 1 if all
        branches are equal, 0 if one has everything.
        """
        return _evenness(self.images), _evenness(self.drawn)


def level_shares(
    tree: PrototypeTree, leaf: Tensor, drawn: Tensor
) -> list[LevelShares]:
    """Count the images of every branch, and those that were drawn.

    Args:
        tree: Tree of prototypes; its ``leaf`` is not used.
        leaf: (N,) long, the leaf of every image, negative without one.
        drawn: (n,) long, numbers of the drawn images, which have a leaf.

    Returns:
        One entry per level, level 0 first.
    """
    nums = tree.num_prototypes
    counted = [
        branch_sizes(
            some[some >= 0].bincount(minlength=nums[0]),
            tree.parents,
            nums[-1],
        )
        for some in (leaf, leaf[drawn])
    ]
    return [LevelShares(*pair) for pair in zip(*counted, strict=True)]


def _evenness(sizes: Tensor) -> float:
    if len(sizes) < 2 or not sizes.sum():
        return 1.0
    share = sizes.double() / sizes.sum()
    largest = torch.tensor(len(sizes)).double().log()
    return (torch.special.entr(share).sum() / largest).item()
