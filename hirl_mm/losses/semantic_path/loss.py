import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .form import compares_with_all
from .known_gradient import KnownGradient
from .repulsion import EPS, repulsion_of_all, repulsion_of_sampled


def semantic_path_loss(
    embeddings: Sequence[Tensor],
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None,
    reduction: str = 'paper',
    by_all: Sequence[bool] | None = None,
) -> Tensor:
    r"""Semantic path discrimination, Eq. 2 and 3 of HIRL.

    The similarity of a sample to a path is the product over the levels of
    :math:`(1 + \cos(z^l, c^l)) / 2`; the loss is the binary cross entropy
    that tells the sample's own path from negative ones, positive and mean of
    negatives weighted alike. Negatives equal to the sample's own leaf are
    left out. Computed in the precision of the prototypes, float32, whatever
    autocast says. Its gradient is computed along with it and has none itself
    (no ``create_graph=True``).

    The released code holds the prototypes of all paths of all samples,
    (B, M, L, D). Here each level takes one of two forms: samples are compared
    with all its prototypes, (B, K_l), out of which the paths are gathered, or
    with the gathered prototypes, a block at a time. All paths instead of
    sampled ones take a third: similarities run down the edges of the tree.

    Args:
        embeddings: L tensors (B, D), :math:`z^l` of level l; their length
            does not matter.
        tree: The prototypes; no gradient reaches them.
        leaf: (B,) long, the leaf of every sample.
        negatives: (B, M) long, leaves of negative paths, M at least 1; None
            for all paths but the sample's own.
        reduction: ``'paper'`` for Eq. 3, the sum of the two terms, with
            arguments of logarithms kept above 1e-6; ``'official'`` for the
            released code (``pipelines/hirl.py``), their mean, with 1e-6 added
            inside the logarithms.
        by_all: L times, whether a level is compared as a whole before the
            paths are gathered; None for the faster form by its size. Without
            ``negatives`` it has no say.

    Returns:
        The mean over the batch, a scalar.

    Raises:
        ValueError: If the number of embeddings, or entries of ``by_all``, is
            not that of the tree's levels, or the reduction is unknown.
    """
    _check_one_per_level(tree, 'embedding', embeddings)
    check_reduction(reduction)
    floored = reduction == 'paper'
    with torch.autocast(leaf.device.type, enabled=False):
        unit = F.normalize(
            torch.stack(tuple(embeddings)).to(tree.centroids[0].dtype), dim=2
        )
        args = unit.detach(), tree, leaf
        if negatives is None:
            found = repulsion_of_all(*args, floored)
            num_paths = leaf.new_full((), tree.num_prototypes[0] - 1)
        else:
            by_all = by_all or _forms(tree, negatives)
            _check_one_per_level(tree, 'entry of by_all', by_all)
            found = repulsion_of_sampled(*args, negatives, by_all, floored)
            num_paths = (negatives != leaf[:, None]).sum(1)
        repel = KnownGradient.apply(unit, *found)
        positive = (unit * _own_prototypes(tree, leaf)).sum(2)
        return _REDUCTIONS[reduction](positive, repel, num_paths)


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless :func:`semantic_path_loss` knows it."""
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f'reduction must be one of {sorted(_REDUCTIONS)}, got '
            f'{reduction!r}'
        )


def _check_one_per_level(
    tree: PrototypeTree, name: str, values: Sequence
) -> None:
    if len(values) != tree.num_levels:
        raise ValueError(
            f'the tree has {tree.num_levels} levels and needs one {name} for '
            f'each, got {len(values)}'
        )


def _forms(tree: PrototypeTree, negatives: Tensor) -> list[bool]:
    return [
        compares_with_all(*negatives.shape, num, negatives.device.type)
        for num in tree.num_prototypes
    ]


@torch.no_grad()
def _own_prototypes(tree: PrototypeTree, leaf: Tensor) -> Tensor:
    """Those on the paths of leaves (B,), (L, B, D)."""
    path = tree.paths(leaf).unbind(1)
    return torch.stack(
        [c[own] for c, own in zip(tree.centroids, path, strict=True)]
    )


def _paper(positive: Tensor, repel: Tensor, num_paths: Tensor) -> Tensor:
    """Of cosines (L, B), sums over paths (B,) and their number (B,)."""
    similarity = torch.log1p(positive.clamp(min=EPS - 1)) - math.log(2)
    return (repel / num_paths.clamp(min=1) - similarity.sum(0)).mean()


def _official(positive: Tensor, repel: Tensor, num_paths: Tensor) -> Tensor:
    """Of the same as :func:`_paper`."""
    # Not Tensor.prod, whose gradient asks the device for zeros.
    similarity = math.prod((1 + positive) / 2)
    attract = -(similarity + EPS).log()
    return (attract + repel / (num_paths + EPS)).mean() / 2


_REDUCTIONS = {'paper': _paper, 'official': _official}
