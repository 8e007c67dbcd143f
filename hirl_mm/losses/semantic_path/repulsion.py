r"""The term of Eq. 3 of HIRL that repels samples from negative paths.

With :math:`s = \prod_l (1 + \cos_l) / 2`, the gradient of the term of one path
is

.. math::
    \frac{\partial}{\partial \cos_l} \bigl(-\log(1 - s)\bigr)
    = \frac{s}{1 - s} \cdot \frac{1}{1 + \cos_l} ,

which needs only quantities that the value needs as well. Both are therefore
computed together, and no tensor with a dimension for paths is kept for the
backward pass.
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

# Added inside both logarithms in the released code; lower bound of the
# arguments of both logarithms for reduction='paper'.
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
    """Compute the term for sampled paths, without those to the own leaf.

    Args:
        unit: (L, B, D), L2-normalised embeddings of every level.
        tree: Tree of prototypes.
        leaf: (B,) long, the leaf of every sample.
        negatives: (B, M) long, leaves of the negative paths.
        by_all: One bool per level: whether to compare samples with all of its
            prototypes (True) or with gathered ones (False).
        floored: Whether 1 - s is clamped to at least 1e-6, or 1e-6 is added
            to it.

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
    """Compute the term for all paths but that of the sample itself.

    Similarities are passed from every prototype to its children, and weights
    of the gradient back from children to parents, so that the paths are not
    indexed per sample.

    Args:
        unit: (L, B, D), L2-normalised embeddings of every level.
        tree: Tree of prototypes.
        leaf: (B,) long, the leaf of every sample.
        floored: Whether 1 - s is clamped to at least 1e-6, or 1e-6 is added
            to it.

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
    """Return leaves (B, M) and their ancestors, L tensors (B, M)."""
    paths = [leaf]
    for parent in tree.parents:
        above = parent.index_select(0, paths[-1].flatten())
        paths.append(above.view_as(leaf))
    return paths


def _factor(cosine: Tensor) -> Tensor:
    """Compute (1 + cos) / 2 in place, above 0 since it is divided by later."""
    tiny = torch.finfo(cosine.dtype).eps
    return cosine.add_(1).mul_(0.5).clamp_(min=tiny)


def _log_and_weight(
    similarity: Tensor, floored: bool
) -> tuple[Tensor, Tensor]:
    """Return -log(1 - s) and s / (1 - s).

    Args:
        similarity: Similarities s of any shape; they are overwritten.
        floored: Whether 1 - s is clamped to at least 1e-6, with weight 0
            where it is clamped, or 1e-6 is added to it.
    """
    distance = 1 - similarity
    if floored:
        similarity.masked_fill_(distance < EPS, 0)
        distance.clamp_(min=EPS)
    else:
        distance += EPS
    weight = similarity.div_(distance)
    return distance.log_().neg_(), weight
