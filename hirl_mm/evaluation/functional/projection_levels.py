"""Distances between projections of several levels, as HCCL's paper has them.

The levels are those of a projector that is tapped at several points; a method
with one projection has one level. The paper is *Hierarchical Cross Contrastive
Learning of Visual Representations*, appendix A.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


def view_distances(
    first: Sequence[Tensor], second: Sequence[Tensor]
) -> Tensor:
    """Compute the cosine distance of two views of every image (Figure 5).

    Args:
        first: Projections (B, D) of the first view, one tensor per level.
        second: Projections (B, D) of the second view, as many.

    Returns:
        Distances (B, n, n), float32: one minus the cosine of level i of the
        first view and level j of the second view, between 0 and 2. A zero
        vector has distance 1 to all others.

    Raises:
        ValueError: If the projections do not all have the same shape.

    Example:
        >>> low, high = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
        >>> view_distances([low, high], [low, -high])[0].tolist()
        [[0.0, 1.0], [1.0, 2.0]]
    """
    shapes = [tuple(level.shape) for level in (*first, *second)]
    if (
        not first
        or len(first) != len(second)
        or len(set(shapes)) > 1
        or len(shapes[0]) != 2
    ):
        raise ValueError(
            'the two views need as many levels, one or more, with projections '
            f'(B, D) of one shape, got {shapes[: len(first)]} and '
            f'{shapes[len(first) :]}'
        )
    ours, theirs = (
        F.normalize(torch.stack(list(levels)).float(), dim=2)
        for levels in (first, second)
    )
    cosines = torch.einsum('ibd,jbd->bij', ours, theirs)
    return (1 - cosines).clamp(0, 2)


@dataclass(frozen=True)
class ClassSums:
    """Sums of L2-normalised vectors by class, which can be added up.

    The mean distance of all pairs of vectors follows from these sums, so
    neither the vectors nor their pairs are kept.

    Args:
        vectors: (C, D) float64, sum of the vectors of every class.
        squares: (C,) float64, sum of their squared lengths: their number but
            for zero vectors and rounding.
        counts: (C,) long, number of vectors.
    """

    vectors: Tensor
    squares: Tensor
    counts: Tensor

    @classmethod
    def of(cls, features: Tensor, labels: Tensor, num: int) -> ClassSums:
        """Sum the normalised features of every class.

        Args:
            features: (B, D) features.
            labels: (B,) long, their classes, below ``num``.
            num: Number of classes C.

        Raises:
            ValueError: If a label is not a class.
        """
        if len(labels) and not 0 <= int(labels.min()) <= labels.max() < num:
            raise ValueError(
                f'labels must be classes 0 to {num - 1}, got '
                f'{labels.min().item()} to {labels.max().item()}'
            )
        unit = F.normalize(features.double(), dim=1)
        zeros = unit.new_zeros(num, unit.size(1))
        return cls(
            zeros.index_add(0, labels, unit),
            zeros[:, 0].index_add(0, labels, unit.square().sum(dim=1)),
            torch.bincount(labels, minlength=num),
        )

    def __add__(self, other: ClassSums) -> ClassSums:
        return ClassSums(
            self.vectors + other.vectors,
            self.squares + other.squares,
            self.counts + other.counts,
        )


class ClassDistances(NamedTuple):
    """Mean cosine distances of every class (Figure 6).

    Args:
        within: (C,) float64, mean over all pairs of different samples of the
            class; NaN for a class with less than two samples.
        between: (C,) float64, mean over all pairs of a sample of the class
            and one of another class; NaN if either has no sample.
    """

    within: Tensor
    between: Tensor


def class_distances(sums: ClassSums) -> ClassDistances:
    """Compute mean cosine distances within classes and to other classes.

    With the sum S of the n unit vectors of a class, the cosines of all their
    n (n - 1) pairs add up to S S - n, and those with the vectors of other
    classes, whose sum is R, to S R.

    Args:
        sums: Sums of all samples.

    Example:
        >>> features = torch.tensor([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
        >>> labels = torch.tensor([0, 0, 1])
        >>> found = class_distances(ClassSums.of(features, labels, 2))
        >>> found.within.tolist(), found.between.tolist()
        ([0.0, nan], [1.0, 1.0])
    """
    vectors, counts = sums.vectors, sums.counts.double()
    rest = vectors.sum(dim=0) - vectors
    pairs = counts * (counts - 1)
    others = counts * (counts.sum() - counts)
    own = vectors.square().sum(dim=1) - sums.squares
    other = (vectors * rest).sum(dim=1)
    return ClassDistances(_mean(own, pairs), _mean(other, others))


def _mean(cosines: Tensor, num: Tensor) -> Tensor:
    """Return mean distances for sums of cosines; NaN where there is none."""
    return (1 - cosines / num).masked_fill(num == 0, float('nan'))
