import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hirl_mm.losses.known_gradient import KnownGradient
from hirl_mm.structures import PrototypeTree

from .form import forms_of_levels, takes_kernels
from .repulsion import EPS, repulsion_of_all, repulsion_of_sampled
from .similarity import check_one_per_level, stacked, unit_rows

REDUCTIONS = 'official', 'paper'


def semantic_path_loss(
    embeddings: Tensor | Sequence[Tensor],
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None = None,
    reduction: str = 'paper',
    by_all: Sequence[bool] | None = None,
) -> Tensor:
    r"""Compute the semantic path discrimination loss, Eq. 3 of HIRL.

    The loss is a binary cross entropy that separates the path :math:`P_+` of
    a sample from N negative paths :math:`P_-^k`, where the similarity s of a
    sample and a path is :func:`~hirl_mm.losses.path_similarity`:

    .. math::
        -\mathbb{E} \Bigl[ \log s(z, P_+)
        + \frac{1}{N} \sum_k \log \bigl(1 - s(z, P_-^k)\bigr) \Bigr]

    Negatives equal to the leaf of the sample itself are ignored. The loss is
    computed in the precision of the prototypes, float32, also under autocast.
    Its gradient is computed in the forward pass and cannot be differentiated
    again (no ``create_graph=True``).

    The released code gathers the prototypes of all paths of all samples,
    (B, M, L, D). To save memory, the similarities of a level are computed
    here in one of two ways: to all prototypes of the level, (B, K_l), of
    which those on the paths are gathered; or to gathered prototypes, a block
    at a time. If all paths are negatives, the similarities are passed from
    every prototype to its children instead. On a GPU with Triton, two fused
    kernels compute the loss of sampled paths, if that is faster by the costs
    in :mod:`~hirl_mm.losses.semantic_path.form`.

    Args:
        embeddings: (L, B, D) or L tensors (B, D), the embeddings :math:`z^l`
            of every level, finest level first; they need not be normalised.
        tree: Tree of prototypes, which get no gradient.
        leaf: (B,) long, the leaf of every sample.
        negatives: (B, M) long, leaves of M >= 1 negative paths per sample,
            for example from :func:`~hirl_mm.losses.sample_negative_leaves`;
            None for all paths but that of the sample itself.
        reduction: ``'paper'`` for Eq. 3, the sum of the two terms, with the
            arguments of logarithms clamped to at least 1e-6; ``'official'``
            for the mean of the two terms, with 1e-6 added inside the
            logarithms, as in the released code (``pipelines/hirl.py``).
        by_all: One bool per level: whether to compare the samples with all
            prototypes of the level and gather afterwards; None to choose the
            fastest way by the sizes, fused kernels included. Ignored if
            ``negatives`` is None.

    Returns:
        The mean over the batch, a scalar.

    Raises:
        ValueError: If the number of embeddings, or of entries of ``by_all``,
            is not the number of levels, the shapes do not fit, or the
            reduction is unknown.
    """
    check_reduction(reduction)
    with torch.autocast(leaf.device.type, enabled=False):
        z = stacked(embeddings, tree)
        _check_shapes(z, leaf, negatives)
        if (
            negatives is not None
            and by_all is None
            and takes_kernels(tree, negatives)
        ):
            from .fused import fused_path_loss

            return fused_path_loss(
                z, tree, leaf, negatives, reduction == 'paper'
            )
        unit = unit_rows(z, tree)
        attract = _attraction(unit, tree, leaf, reduction)
        repel = _repulsion(unit, tree, leaf, negatives, reduction, by_all)
        loss = (attract + repel).mean()
        return loss if reduction == 'paper' else loss / 2


def _attraction(
    unit: Tensor, tree: PrototypeTree, leaf: Tensor, reduction: str
) -> Tensor:
    """Return -log s(z, P+) of every sample and its own path, (B,)."""
    cosine = (unit * _own_prototypes(tree, leaf)).sum(2)
    if reduction == 'paper':
        factors = torch.log1p(cosine.clamp(min=EPS - 1)) - math.log(2)
        return -factors.sum(0)
    # Not Tensor.prod, whose gradient looks for zeros and so waits for the GPU.
    similarity, *others = ((1 + cosine) / 2).unbind()
    for factor in others:
        similarity = similarity * factor
    return -(similarity + EPS).log()


def _repulsion(
    unit: Tensor,
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None,
    reduction: str,
    by_all: Sequence[bool] | None,
) -> Tensor:
    """Return the mean of -log(1 - s(z, P-)) over the negatives, (B,)."""
    args = unit.detach(), tree, leaf
    floored = reduction == 'paper'
    if negatives is None:
        found = repulsion_of_all(*args, floored)
        num_paths = leaf.new_full((), tree.num_prototypes[0] - 1)
    else:
        by_all = by_all or forms_of_levels(tree, negatives)
        check_one_per_level(tree, 'entry of by_all', by_all)
        found = repulsion_of_sampled(*args, negatives, by_all, floored)
        num_paths = (negatives != leaf[:, None]).sum(1)
    total = KnownGradient.apply(unit, *found)
    if reduction == 'paper':
        return total / num_paths.clamp(min=1)
    return total / (num_paths + EPS)


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless ``reduction`` is one of ``REDUCTIONS``."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f'reduction must be one of {REDUCTIONS}, got {reduction!r}'
        )


def _check_shapes(z: Tensor, leaf: Tensor, negatives: Tensor | None) -> None:
    num = z.size(1)
    if leaf.shape != (num,):
        raise ValueError(
            f'leaf must have shape (B,), here ({num},), a leaf for every '
            f'row of an embedding, got {tuple(leaf.shape)}'
        )
    if negatives is not None and (
        negatives.ndim != 2 or len(negatives) != num
    ):
        raise ValueError(
            f'negatives must have shape (B, M), here ({num}, M), leaves for '
            f'every row of an embedding, got {tuple(negatives.shape)}'
        )


@torch.no_grad()
def _own_prototypes(tree: PrototypeTree, leaf: Tensor) -> Tensor:
    """Return the prototypes on the paths of leaves (B,), (L, B, D)."""
    path = tree.paths(leaf).unbind(1)
    return torch.stack(
        [c[own] for c, own in zip(tree.centroids, path, strict=True)]
    )
