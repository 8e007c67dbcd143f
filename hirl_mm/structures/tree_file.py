"""The file of a tree: its state, and nothing that runs code."""

import os

import torch

from hirl_mm.files import replacing

# Where checkpoints keep the state of a tree.
TREE_KEY = 'prototype_tree'
_KEYS = frozenset({'centroids', 'parents', 'leaf', 'objective', 'data'})
# Files of earlier versions lack it.
_OPTIONAL = frozenset({'data'})


def write_state(state: dict, path: str | os.PathLike) -> None:
    """Write the state of a tree to ``path``, whole or not at all."""
    with replacing(path) as temporary:
        torch.save(state, temporary)


def read_state(path: str | os.PathLike) -> dict:
    """Return the state in the file of a tree, its tensors on the CPU.

    Raises:
        ValueError: If the file holds something else.
    """
    state = torch.load(path, map_location='cpu', weights_only=True)
    if not isinstance(state, dict) or set(state) | _OPTIONAL != _KEYS:
        found = sorted(state) if isinstance(state, dict) else type(state)
        raise ValueError(
            f'{path} is no prototype tree: expected the keys '
            f'{sorted(_KEYS)}, got {found}'
        )
    return state
