"""Images that stand for a prototype."""

import numpy as np
import torch
from torch import Tensor

from hirl_mm.structures import PrototypeTree

from .thumbnails import sample_members

_BLOCK = 8192


def nearest_members(
    tree: PrototypeTree, rows: Tensor, level: int, idx: int, num: int
) -> np.ndarray:
    """Return the members of a prototype that are nearest to it.

    Args:
        tree: Prototype tree of N images.
        rows: (N, D) embeddings of the images, of unit length; they may be
            mapped from disk.
        level: Level of the prototype.
        idx: Its index within the level.
        num: Largest number of members to return.

    Returns:
        Their sample indices, the nearest by the cosine first; of equally near
        ones, the smaller index first.
    """
    members = tree.members(level, idx).cpu()
    centre = tree.centroids[level][idx].cpu().float()
    cosines = torch.cat(
        [rows[block].float() @ centre for block in members.split(_BLOCK)]
    )
    order = torch.argsort(cosines, descending=True, stable=True)
    return members[order[:num]].numpy()


def random_members(
    tree: PrototypeTree, level: int, idx: int, num: int, seed: int
) -> np.ndarray:
    """Return members of a prototype, drawn at random.

    Args:
        tree: Prototype tree.
        level: Level of the prototype.
        idx: Its index within the level.
        num: Largest number of members to return.
        seed: Seed of the draw.

    Returns:
        Their sample indices.
    """
    members = tree.members(level, idx).cpu().numpy()
    return sample_members(members, num, (seed, level, idx))
