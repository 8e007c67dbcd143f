"""Reading and writing files of trees, which hold no pickled code."""

import os

import torch

from hirl_mm.files import replacing
from hirl_mm.files.plain_file import load_plain

# Key of the state of the tree in checkpoints.
TREE_KEY = 'prototype_tree'
# Files of earlier versions do not have these keys.
_OPTIONAL = frozenset({'data', 'run'})
_KEYS = _OPTIONAL | {'centroids', 'parents', 'leaf', 'objective'}


def write_state(state: dict, path: str | os.PathLike) -> None:
    """Write the state of a tree to ``path``, replacing it atomically.

    Args:
        state: State of a tree, from ``PrototypeTree.state_dict``.
        path: Path of the file.
    """
    with replacing(path) as temporary:
        torch.save(state, temporary)


def read_state(path: str | os.PathLike) -> dict:
    """Read the state of a tree from a file, with its tensors on the CPU.

    Args:
        path: Path of the file.

    Raises:
        BrokenFileError: If the file is incomplete or damaged.
        ValueError: If the file does not hold the state of a tree.
    """
    state = load_plain(path)
    if not isinstance(state, dict) or set(state) | _OPTIONAL != _KEYS:
        found = sorted(state) if isinstance(state, dict) else type(state)
        raise ValueError(
            f'{path} is not a file of a prototype tree: expected the keys '
            f'{sorted(_KEYS)}, got {found}'
        )
    return state
