"""Groups of images that are almost the same, found leaf by leaf.

**Why nothing is missed.** Let ``x`` and ``y`` be unit rows with the cosine t
or more, so that their distance is at most ``d = sqrt(2 - 2 t)``. If a is the
prototype nearest to x and b the one nearest to y, then ``y (a - b) <= 0`` and

    x (a - b) <= (x - y) (a - b) <= d |a - b|.

Images whose margin ``x (a - b)`` is larger have no near duplicate in the leaf
b. All others are compared, so every pair of the threshold is found, also
across leaves. Margins are computed in float32; ``_SLACK`` is far above their
error.
"""

from collections.abc import Callable, Iterable

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from .assignment import nearest_prototypes

_SLACK = 1e-4
# Side of a block of similarities.
_BLOCK = 1024


@torch.no_grad()
def duplicate_groups(
    rows: Tensor,
    prototypes: Tensor,
    threshold: float,
    progress: Callable[[range], Iterable[int]] = iter,
) -> Tensor:
    """Group images that are connected by pairs of a minimal similarity.

    Two images are in one group if their cosine is at least ``threshold``, or
    if a chain of such pairs connects them. The groups are complete, and do
    not depend on the prototypes: these only decide which images need not be
    compared. Time depends on how many images lie near the border of two
    leaves: a high threshold and many leaves are fast.

    Args:
        rows: (N, D) floating point, embeddings; not finite for images that
            could not be read.
        prototypes: (K, D) floating point, of unit length, such as level 0 of
            a tree.
        threshold: Smallest cosine of near duplicates, above 0, at most 1.
        progress: Function that goes through the numbers of the leaves and
            shows how far it is, such as
            :func:`~hirl_mm.progress.shown_progress`.

    Returns:
        (N,) long, the smallest number of an image of the group; an image
        without near duplicates is alone in its group.

    Raises:
        ValueError: If the threshold is out of range.

    Example:
        >>> rows = torch.tensor([[1., 0.], [0., 1.], [2., .01]])
        >>> duplicate_groups(rows, torch.eye(2), threshold=0.99)
        tensor([0, 1, 0])
    """
    if not 0 < threshold <= 1:
        raise ValueError(
            'the threshold of near duplicates is a cosine above 0 and at most '
            f'1, got {threshold}'
        )
    leaves = _Leaves(rows, prototypes, threshold)
    found = [leaves.pairs(leaf) for leaf in progress(range(len(prototypes)))]
    return _smallest_connected(torch.cat(found, 1), len(rows))


class _Leaves:
    """Images by their nearest prototype; arguments as above."""

    def __init__(
        self, rows: Tensor, prototypes: Tensor, threshold: float
    ) -> None:
        self.rows = rows
        self.prototypes = F.normalize(prototypes.float(), dim=1)
        # float32 may compute a cosine of 1 a little smaller.
        self.threshold = threshold - 1e-6
        self.distance = (2 - 2 * self.threshold) ** 0.5
        leaf = torch.cat(
            [nearest_prototypes(c, prototypes) for c in rows.split(65536)]
        )
        # Images of a leaf in succession, in their order; without a leaf first.
        self.order = leaf.argsort(stable=True)
        sizes = (leaf + 1).bincount(minlength=len(prototypes) + 1)
        self.ends = sizes.cumsum(0).tolist()

    def pairs(self, number: int) -> Tensor:
        """Return pairs (2, p) that connect the near duplicates of a leaf.

        Those in leaves of smaller numbers were found from there.
        """
        own = self.members(number)
        found = [own.new_empty(2, 0)]
        for start in range(0, len(own), _BLOCK):
            images = own[start : start + _BLOCK]
            x = self.unit(images)
            others = torch.cat([own[start:], self.near(number, x)])
            for part in others.split(_BLOCK):
                found.append(self.compare(images, x, part))
        return torch.cat(found, 1)

    def members(self, number: int) -> Tensor:
        return self.order[self.ends[number] : self.ends[number + 1]]

    def near(self, number: int, x: Tensor) -> Tensor:
        """Return the images of later leaves that rows may be similar to."""
        own = self.prototypes[number]
        later = self.prototypes[number + 1 :]
        scores = torch.cat([x, own[None]]) @ later.T
        reach = (2 - 2 * scores[-1]).clamp(min=0).sqrt()
        reach = self.distance * reach + _SLACK
        margin = (x @ own)[:, None] - scores[:-1]
        kept = [self.order[:0]]
        for leaf in (margin <= reach).any(0).nonzero().flatten().tolist():
            for part in self.members(number + 1 + leaf).split(_BLOCK):
                y = self.unit(part)
                theirs = y @ later[leaf] - y @ own
                kept.append(part[theirs <= reach[leaf]])
        return torch.cat(kept)

    def compare(self, images: Tensor, x: Tensor, others: Tensor) -> Tensor:
        """Return pairs that connect similar images as all pairs would."""
        similar = x @ self.unit(others).T >= self.threshold
        first, second = similar.nonzero().T
        first, second = images[first], others[second]
        apart = first != second
        names, ends = torch.unique(
            torch.stack([first, second])[:, apart], return_inverse=True
        )
        return torch.stack(
            [names, names[_smallest_connected(ends, len(names))]]
        )

    def unit(self, images: Tensor) -> Tensor:
        return F.normalize(self.rows[images].float(), dim=1)


def _smallest_connected(pairs: Tensor, num: int) -> Tensor:
    """Return the smallest of the numbers that pairs connect each one with.

    Args:
        pairs: (2, p) long, numbers below ``num``.
        num: Number of numbers.

    Returns:
        (num,) long.
    """
    first, second = pairs.numpy()
    graph = coo_array((np.ones(len(first), bool), (first, second)), (num, num))
    _, part = connected_components(graph, directed=False)
    # The first place of every part is its smallest number.
    _, smallest, part = np.unique(part, return_index=True, return_inverse=True)
    return torch.from_numpy(smallest[part])
