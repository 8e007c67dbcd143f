import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.structures import PrototypeTree

# Inside both logarithms of the released code, and the floor of both
# arguments of a logarithm in the form of the paper.
EPS = 1e-6


def semantic_path_loss(
    embeddings: Sequence[Tensor],
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor | None,
    reduction: str = 'paper',
) -> Tensor:
    r"""Semantic path discrimination, Eq. 2 and 3 of HIRL.

    The similarity of a sample to a path is the product over the levels of
    :math:`(1 + \cos(z^l, c^l)) / 2`; the loss is the binary cross entropy
    that tells the sample's own path from negative ones, positive and mean of
    negatives weighted alike. Negatives equal to the sample's own leaf are
    left out. Computed in float32 whatever autocast says, from similarities
    to all prototypes (B, K_l), out of which the paths are gathered.

    Args:
        embeddings: L tensors (B, D), :math:`z^l` of level l; their length
            does not matter.
        tree: The prototypes; no gradient reaches them.
        leaf: (B,) long, the leaf of every sample.
        negatives: (B, M) long, leaves of negative paths; None for all paths
            but the sample's own.
        reduction: ``'paper'`` for Eq. 3, the sum of the two terms, with
            arguments of logarithms kept above 1e-6; ``'official'`` for the
            released code (``pipelines/hirl.py``), their mean, with 1e-6 added
            inside the logarithms.

    Returns:
        The mean over the batch, a scalar.

    Raises:
        ValueError: If the number of embeddings is not that of the tree's
            levels, or the reduction is unknown.
    """
    if len(embeddings) != tree.num_levels:
        raise ValueError(
            f'the tree has {tree.num_levels} levels and needs one embedding '
            f'for each, got {len(embeddings)}'
        )
    check_reduction(reduction)
    with torch.autocast(leaf.device.type, enabled=False):
        cosines = [
            F.linear(F.normalize(z.float(), dim=1), c)
            for z, c in zip(embeddings, tree.centroids, strict=True)
        ]
        positive = _path_cosines(cosines, tree.paths(leaf[:, None]))
        if negatives is None:
            every = torch.arange(tree.num_prototypes[0], device=leaf.device)
            negatives = every.expand(len(leaf), -1)
        negative = _path_cosines(cosines, tree.paths(negatives))
        valid = (negatives != leaf[:, None]).float()
        return _REDUCTIONS[reduction](positive, negative, valid)


def check_reduction(reduction: str) -> None:
    """Raise ValueError unless :func:`semantic_path_loss` knows it."""
    if reduction not in _REDUCTIONS:
        raise ValueError(
            f'reduction must be one of {sorted(_REDUCTIONS)}, got '
            f'{reduction!r}'
        )


def _path_cosines(cosines: list[Tensor], paths: Tensor) -> list[Tensor]:
    """Per level (B, K_l) cosines at the paths (B, M, L): L tensors (B, M)."""
    return [
        cosine.gather(1, prototype)
        for cosine, prototype in zip(cosines, paths.unbind(-1), strict=True)
    ]


def _paper(
    positive: list[Tensor], negative: list[Tensor], valid: Tensor
) -> Tensor:
    attract = -_log_similarity(positive)[:, 0]
    dissimilarity = -torch.expm1(_log_similarity(negative))
    repel = -dissimilarity.clamp(min=EPS).log()
    repel = (repel * valid).sum(1) / valid.sum(1).clamp(min=1)
    return (attract + repel).mean()


def _official(
    positive: list[Tensor], negative: list[Tensor], valid: Tensor
) -> Tensor:
    attract = -(_similarity(positive)[:, 0] + EPS).log()
    repel = -(1 - _similarity(negative) + EPS).log()
    repel = (repel * valid).sum(1) / (valid.sum(1) + EPS)
    return (attract + repel).mean() / 2


def _log_similarity(cosines: list[Tensor]) -> Tensor:
    return sum(
        torch.log1p(c.clamp(min=EPS - 1)) - math.log(2) for c in cosines
    )


def _similarity(cosines: list[Tensor]) -> Tensor:
    return math.prod((1 + c) / 2 for c in cosines)


_REDUCTIONS = {'paper': _paper, 'official': _official}
