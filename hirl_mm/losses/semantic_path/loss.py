import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .form import compares_with_all
from .known_gradient import KnownGradient
from .repulsion import EPS, repulsion_of_all, repulsion_of_sampled
from .similarity import check_one_per_level, unit_embeddings

REDUCTIONS = 'official', 'paper'


def semantic_path_loss(
    embeddings: Sequence[Tensor],
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None = None,
    reduction: str = 'paper',
    by_all: Sequence[bool] | None = None,
) -> Tensor:
    r"""Semantic path discrimination, Eq. 3 of HIRL.

    The similarity s of a sample to a path is that of
    :func:`~hirl_mm.losses.path_similarity`. The loss is a binary cross
    entropy that tells the path :math:`P_+` of the sample from N negative
    paths :math:`P_-^k`:

    .. math::
        -\mathbb{E} \Bigl[ \log s(z, P_+)
        + \frac{1}{N} \sum_k \log \bigl(1 - s(z, P_-^k)\bigr) \Bigr]

    Negatives equal to the sample's own leaf are left out. The loss is
    computed in the precision of the prototypes, float32, also under autocast.
    Its gradient is computed along with it and cannot be differentiated again
    (no ``create_graph=True``).

    The released code holds the prototypes of all paths of all samples,
    (B, M, L, D). Here each level takes one of two forms: samples are compared
    with all its prototypes, (B, K_l), out of which the paths are gathered, or
    with the gathered prototypes, a block at a time. All paths instead of
    sampled ones take a third: similarities run down the edges of the tree.

    Args:
        embeddings: L tensors (B, D), :math:`z^l` of level l, finest level
            first; their length does not matter.
        tree: The prototypes; no gradient reaches them.
        leaf: (B,) long, the leaf of every sample.
        negatives: (B, M) long, leaves of negative paths, M at least 1, such
            as from :func:`~hirl_mm.losses.sample_negative_leaves`; None for
            all paths but the sample's own.
        reduction: ``'paper'`` for Eq. 3, the sum of the two terms, with
            arguments of logarithms kept above 1e-6; ``'official'`` for the
            released code (``pipelines/hirl.py``), their mean, with 1e-6 added
            inside the logarithms.
        by_all: One bool per level, whether the samples are compared with all
            prototypes of the level before the paths are gathered; None
            chooses the faster form by the sizes. Ignored without
            ``negatives``.

    Returns:
        The mean over the batch, a scalar.

    Raises:
        ValueError: If the number of embeddings, or entries of ``by_all``, is
            not that of the tree's levels, or the reduction is unknown.
    """
    check_reduction(reduction)
    with torch.autocast(leaf.device.type, enabled=False):
        unit = unit_embeddings(embeddings, tree)
        attract = _attraction(unit, tree, leaf, reduction)
        repel = _repulsion(unit, tree, leaf, negatives, reduction, by_all)
        loss = (attract + repel).mean()
        return loss if reduction == 'paper' else loss / 2


def _attraction(
    unit: Tensor, tree: PrototypeTree, leaf: Tensor, reduction: str
) -> Tensor:
    """-log s(z, P+) of every sample and its own path, (B,)."""
    cosine = (unit * _own_prototypes(tree, leaf)).sum(2)
    if reduction == 'paper':
        factors = torch.log1p(cosine.clamp(min=EPS - 1)) - math.log(2)
        return -factors.sum(0)
    # Not Tensor.prod, whose gradient asks the device for zeros.
    similarity = math.prod((1 + cosine) / 2)
    return -(similarity + EPS).log()


def _repulsion(
    unit: Tensor,
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None,
    reduction: str,
    by_all: Sequence[bool] | None,
) -> Tensor:
    """Mean of -log(1 - s(z, P-)) over negative paths of every sample, (B,)."""
    args = unit.detach(), tree, leaf
    floored = reduction == 'paper'
    if negatives is None:
        found = repulsion_of_all(*args, floored)
        num_paths = leaf.new_full((), tree.num_prototypes[0] - 1)
    else:
        by_all = by_all or _forms(tree, negatives)
        check_one_per_level(tree, 'entry of by_all', by_all)
        found = repulsion_of_sampled(*args, negatives, by_all, floored)
        num_paths = (negatives != leaf[:, None]).sum(1)
    total = KnownGradient.apply(unit, *found)
    if reduction == 'paper':
        return total / num_paths.clamp(min=1)
    return total / (num_paths + EPS)


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless :func:`semantic_path_loss` knows it."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f'reduction must be one of {REDUCTIONS}, got {reduction!r}'
        )


def _forms(tree: PrototypeTree, negatives: Tensor) -> list[bool]:
    return [
        compares_with_all(*negatives.shape, num, negatives.device.type)
        for num in tree.num_prototypes
    ]


@torch.no_grad()
def _own_prototypes(tree: PrototypeTree, leaf: Tensor) -> Tensor:
    """The prototypes on the paths of leaves (B,), as (L, B, D)."""
    path = tree.paths(leaf).unbind(1)
    return torch.stack(
        [c[own] for c, own in zip(tree.centroids, path, strict=True)]
    )
