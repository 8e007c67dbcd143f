"""Similarity of images to the nodes they belong to."""

import numpy as np
import torch
from torch import Tensor

from hirl_mm.structures import NO_LEAF, PrototypeTree

# Rows and as many centroids of a level are in memory at a time.
_CHUNK = 16384


def own_similarities(
    tree: PrototypeTree, leaf: Tensor, rows: Tensor
) -> np.ndarray:
    """Compute the cosines of images to the nodes of their paths.

    Args:
        tree: Tree with L levels.
        leaf: (N,) long, prototype of level 0 of every image, -1 for none.
        rows: (N, D) floating point, embeddings of the images with unit
            length; they may be mapped from disk.

    Returns:
        (N, L) float32, NaN for an image without a leaf.

    Raises:
        ValueError: If the embeddings do not have the size of the prototypes.
    """
    dim = tree.centroids[0].size(1)
    if rows.ndim != 2 or rows.size(1) != dim:
        raise ValueError(
            f'rows must have shape (N, {dim}), as the prototypes, got '
            f'{tuple(rows.shape)}: they are of another model than the tree'
        )
    paths = tree.paths(leaf)
    found = torch.full(paths.shape, float('nan'))
    for start in range(0, len(rows), _CHUNK):
        part = slice(start, start + _CHUNK)
        own, chunk = paths[part], rows[part].float()
        for level, centroids in enumerate(tree.centroids):
            node = own[:, level]
            cosine = (chunk * centroids[node].float()).sum(1)
            cosine[node == NO_LEAF] = float('nan')
            found[part, level] = cosine
    return found.numpy()
