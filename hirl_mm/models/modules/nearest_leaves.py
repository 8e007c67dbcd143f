import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree


def nearest_leaves(embeddings: Tensor, tree: PrototypeTree) -> Tensor:
    """Return the leaves with the largest cosine similarity to embeddings.

    Args:
        embeddings: (B, D), of any length.
        tree: Tree with prototypes of dimension D.

    Returns:
        Indices of the leaves, (B,) long.
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        cosines = embeddings.float() @ tree.centroids[0].T
    return cosines.argmax(1)
