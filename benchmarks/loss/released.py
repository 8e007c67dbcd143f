"""The SPD loss as the released code of HIRL computes it, for comparison.

An independent implementation from its description (``pipelines/hirl.py``):
the prototypes of all negative paths are copied per sample, (B, M, L, D), and
so are the embeddings, before they are compared.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.structures import PrototypeTree

EPS = 1e-6


def draw_leaves(num_samples: int, num_leaves: int, num: int, device) -> Tensor:
    """Draw M leaves for each of B samples, its own not excluded: (B, M)."""
    weight = torch.ones(num_leaves, device=device)
    drawn = torch.multinomial(weight, num_samples * num, replacement=True)
    return drawn.view(num_samples, num)


def released_path_loss(
    embeddings: Sequence[Tensor],
    tree: PrototypeTree,
    leaf: Tensor,
    negatives: Tensor,
) -> Tensor:
    """Return the loss of a batch, a scalar.

    Args:
        embeddings: L tensors (B, D), one per level.
        tree: Tree of prototypes with L levels.
        leaf: (B,) long, the leaf of each sample.
        negatives: (B, M) long, leaves of the negative paths.
    """
    own, others = tree.paths(leaf)[:, None], tree.paths(negatives)
    z = torch.stack(tuple(embeddings), dim=1)[:, None]
    positive = _similarity(z, _prototypes(tree, own))
    negative = _similarity(
        z.repeat(1, negatives.size(1), 1, 1), _prototypes(tree, others)
    )
    counts = (others != own).any(-1).float()
    attract = -(positive + EPS).log()[:, 0]
    repel = -(1 - negative + EPS).log() * counts
    repel = repel.sum(1) / (counts.sum(1) + EPS)
    return torch.stack((attract, repel)).mean()


def _prototypes(tree: PrototypeTree, paths: Tensor) -> Tensor:
    """Return the prototypes of paths (B, M, L) as (B, M, L, D)."""
    return torch.stack(
        [c[p] for c, p in zip(tree.centroids, paths.unbind(-1), strict=True)],
        dim=2,
    )


def _similarity(z: Tensor, prototypes: Tensor) -> Tensor:
    """Return the similarity to every path (B, M) of two (B, M, L, D)."""
    cosine = (F.normalize(z, dim=-1) * F.normalize(prototypes, dim=-1)).sum(-1)
    return ((1 + cosine) / 2).prod(-1)
