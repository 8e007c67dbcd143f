r"""The term of Eq. 3 of HIRL that pushes a sample off the paths of others.

With :math:`s = \prod_l (1 + \cos_l) / 2`,

.. math::
    \frac{\partial}{\partial \cos_l} \bigl(-\log(1 - s)\bigr)
    = \frac{s}{1 - s} \cdot \frac{1}{1 + \cos_l} ,

which takes no more than what the value needs. So both are computed at once,
and nothing as large as the paths is kept for a backward pass.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .cosines import (
    cosines_out_of_all,
    cosines_to_gathered,
    gradient_out_of_all,
    gradient_to_gathered,
)

# Inside both logarithms of the released code, and the floor of both
# arguments of a logarithm in the form of the paper.
EPS = 1e-6


@torch.no_grad()
def repulsion_of_sampled(
    unit: Tensor,
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor,
    by_all: Sequence[bool],
    floored: bool,
) -> tuple[Tensor, Tensor]:
    """Over sampled paths but those to a sample's own leaf.

    Args:
        unit: (L, B, D), unit rows.
        tree: The prototypes.
        leaf: (B,) long.
        negatives: (B, M) long, leaves.
        by_all: Per level, whether samples are compared with all of its
            prototypes or with gathered ones.
        floored: See :func:`_log_and_weight`.

    Returns:
        The sum over the paths (B,), and its gradient (L, B, D).
    """
    paths = _paths(tree, negatives)
    levels = list(zip(by_all, tree.centroids, paths, strict=True))
    factors = []
    for rows, (whole, centroids, path) in zip(unit, levels, strict=True):
        compare = cosines_out_of_all if whole else cosines_to_gathered
        factors.append(_factor(compare(rows, centroids, path)))
    similarity = factors[0].clone()
    for factor in factors[1:]:
        similarity *= factor
    value, weight = _log_and_weight(similarity, floored)
    own = negatives == leaf[:, None]
    value.masked_fill_(own, 0)
    weight.masked_fill_(own, 0)
    gradient = torch.empty_like(unit)
    for level, (whole, centroids, path) in enumerate(levels):
        back = gradient_out_of_all if whole else gradient_to_gathered
        slope = weight / factors[level].mul_(2)
        gradient[level] = back(slope, centroids, path)
    return value.sum(1), gradient


@torch.no_grad()
def repulsion_of_all(
    unit: Tensor, tree: PrototypeTree, leaf: Tensor, floored: bool
) -> tuple[Tensor, Tensor]:
    """Over all paths but a sample's own.

    Prototypes hand their similarity down to their children and collect the
    weights of these, so that no path is indexed per sample.

    Args:
        unit: (L, B, D), unit rows.
        tree: The prototypes.
        leaf: (B,) long.
        floored: See :func:`_log_and_weight`.

    Returns:
        The sum over the paths (B,), and its gradient (L, B, D).
    """
    factors = [
        _factor(centroids @ rows.T)
        for rows, centroids in zip(unit, tree.centroids, strict=True)
    ]
    similarity = factors[-1].clone()
    for level in reversed(range(len(tree.parents))):
        similarity = similarity.index_select(0, tree.parents[level])
        similarity *= factors[level]
    value, weight = _log_and_weight(similarity, floored)
    value.scatter_(0, leaf[None], 0)
    weight.scatter_(0, leaf[None], 0)
    gradient = torch.empty_like(unit)
    for level, centroids in enumerate(tree.centroids):
        if level:
            below, weight = weight, torch.zeros_like(factors[level])
            weight.index_add_(0, tree.parents[level - 1], below)
        slope = weight / factors[level].mul_(2)
        gradient[level] = slope.T @ centroids
    return value.sum(0), gradient


def _paths(tree: PrototypeTree, leaf: Tensor) -> list[Tensor]:
    """Leaves (B, M) and their ancestors, L tensors (B, M)."""
    paths = [leaf]
    for parent in tree.parents:
        above = parent.index_select(0, paths[-1].flatten())
        paths.append(above.view_as(leaf))
    return paths


def _factor(cosine: Tensor) -> Tensor:
    """(1 + cos) / 2 in place, kept above 0 for the division to come."""
    tiny = torch.finfo(cosine.dtype).eps
    return cosine.add_(1).mul_(0.5).clamp_(min=tiny)


def _log_and_weight(
    similarity: Tensor, floored: bool
) -> tuple[Tensor, Tensor]:
    """-log(1 - s) and s / (1 - s).

    Args:
        similarity: s of any shape, overwritten.
        floored: Whether 1 - s is kept above 1e-6, with weight 0 below, or
            1e-6 is added to it.
    """
    distance = 1 - similarity
    if floored:
        similarity.masked_fill_(distance < EPS, 0)
        distance.clamp_(min=EPS)
    else:
        distance += EPS
    weight = similarity.div_(distance)
    return distance.log_().neg_(), weight
