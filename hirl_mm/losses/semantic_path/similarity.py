from collections.abc import Sequence, Sized

import torch
import torch.nn.functional as F
from torch import Tensor

from hirl_mm.structures import PrototypeTree


def path_similarity(
    embeddings: Tensor | Sequence[Tensor],
    tree: PrototypeTree,
    leaves: Tensor,
) -> Tensor:
    r"""Compute the similarity of samples to semantic paths, Eq. 2 of HIRL.

    .. math::
        s\bigl(\{z^l\}, \{c^l\}\bigr)
        = \prod_{l=1}^{L} \frac{1 + \cos(z^l, c^l)}{2}

    It is computed in the precision of the prototypes, float32, also under
    autocast, and can be differentiated with respect to the embeddings. For
    training, :func:`~hirl_mm.losses.semantic_path_loss` needs less memory.

    Args:
        embeddings: (L, B, D) or L tensors (B, D), the embeddings :math:`z^l`
            of every level, finest level first; they need not be normalised.
        tree: Tree of prototypes, which get no gradient.
        leaves: (B, M) long, the leaves of M paths per sample.

    Returns:
        (B, M), similarities from 0 to 1.

    Raises:
        ValueError: If the number of embeddings is not the number of levels,
            their dimension is not that of the prototypes, or the leaves do
            not have shape (B, M).

    Example:
        >>> tree = PrototypeTree(
        ...     centroids=[torch.eye(2), torch.eye(2)[:1]],
        ...     parents=[torch.tensor([0, 0])],
        ...     leaf=torch.tensor([0, 1]))
        >>> z1, z2 = torch.tensor([[3., 0.]]), torch.tensor([[0., 2.]])
        >>> path_similarity([z1, z2], tree, torch.tensor([[0, 1]]))
        tensor([[0.5000, 0.2500]])
    """
    with torch.autocast(leaves.device.type, enabled=False):
        unit = unit_rows(stacked(embeddings, tree), tree)
        if leaves.ndim != 2 or len(leaves) != unit.size(1):
            raise ValueError(
                'leaves must have shape (B, M), M paths for each of the '
                f'{unit.size(1)} samples, got {tuple(leaves.shape)}'
            )
        similarity = torch.ones_like(leaves, dtype=unit.dtype)
        paths = tree.paths(leaves).unbind(-1)
        for z, c, path in zip(unit, tree.centroids, paths, strict=True):
            cosine = (z @ c.detach().T).gather(1, path)
            similarity = similarity * (1 + cosine) / 2
        return similarity


def stacked(
    embeddings: Tensor | Sequence[Tensor], tree: PrototypeTree
) -> Tensor:
    """Return the embeddings of all levels as one tensor, (L, B, D).

    Args:
        embeddings: (L, B, D), returned as it is, or L tensors (B, D).
        tree: Tree of prototypes.

    Raises:
        ValueError: If the number of embeddings is not the number of levels, or
            their dimension is not that of the prototypes.
    """
    check_one_per_level(tree, 'embedding', embeddings)
    if not isinstance(embeddings, Tensor):
        embeddings = torch.stack(tuple(embeddings))
    dim = tree.centroids[0].size(1)
    if embeddings.ndim != 3 or embeddings.size(2) != dim:
        raise ValueError(
            f'the prototypes have {dim} dimensions, so every embedding must '
            f'have shape (B, {dim}), got {tuple(embeddings.shape[1:])}'
        )
    return embeddings


def unit_rows(z: Tensor, tree: PrototypeTree) -> Tensor:
    """Normalise the rows of (L, B, D), in the precision of the prototypes."""
    return F.normalize(z.to(tree.centroids[0].dtype), dim=2)


def check_one_per_level(tree: PrototypeTree, name: str, values: Sized) -> None:
    """Raise ValueError unless there is one value per level of the tree."""
    if len(values) != tree.num_levels:
        raise ValueError(
            f'the tree has {tree.num_levels} levels and needs one {name} for '
            f'each, got {len(values)}'
        )
