import os
from pathlib import Path

from hirl_mm.structures import TREE_KEY, PrototypeTree

from .reader import load_local_checkpoint


def load_tree(path: str | os.PathLike) -> PrototypeTree:
    """Read a tree from its own file or from a training checkpoint.

    Args:
        path: File of :meth:`PrototypeTree.save`, or a checkpoint that holds
            the state of a tree under ``prototype_tree``. A checkpoint may
            run code when it is opened: only open files that you trust.

    Raises:
        ValueError: If there is no such file or no tree in it.
    """
    if not Path(path).is_file():
        raise ValueError(f'there is no file {path}')
    state = _load(path)
    if isinstance(state, dict):
        state = state.get(TREE_KEY, state)
    try:
        return PrototypeTree.from_state_dict(state)
    except TypeError:
        found = sorted(state) if isinstance(state, dict) else type(state)
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint with the '
            f'key {TREE_KEY}, found {found}'
        ) from None


def _load(path: str | os.PathLike) -> object:

    try:
        return load_local_checkpoint(path, map_location='cpu')
    except OSError as error:
        cause = error.__cause__ or error
        reason = f'{type(cause).__name__}: {cause}'.splitlines()[0]
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint ({reason})'
        ) from error
