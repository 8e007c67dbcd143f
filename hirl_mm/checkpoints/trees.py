import os
from collections.abc import Mapping

from hirl_mm.structures import TREE_KEY, PrototypeTree

from .reader import UntrustedCheckpointError, read_checkpoint

_PARTS = {'centroids', 'parents', 'leaf'}


def tree_in(checkpoint: Mapping) -> PrototypeTree | None:
    """The tree in the content of a training checkpoint or a tree's own file.

    Args:
        checkpoint: What :func:`read_checkpoint` returns.

    Returns:
        The tree on the CPU, None where there is none.

    Raises:
        ValueError: If the parts do not make a tree.
    """
    state = checkpoint.get(TREE_KEY, checkpoint)
    if not isinstance(state, Mapping) or not set(state) >= _PARTS:
        return None
    return PrototypeTree.from_state_dict(state)


def load_tree(path: str | os.PathLike, trust: bool = False) -> PrototypeTree:
    """Read a tree from its own file or from a training checkpoint.

    Args:
        path: File of :meth:`PrototypeTree.save`, or a checkpoint that holds
            the state of a tree.
        trust: See :func:`read_checkpoint`.

    Raises:
        ValueError: If there is no such file, no tree in it, or it needs
            ``trust``.
    """
    try:
        checkpoint = read_checkpoint(path, trust)
    except FileNotFoundError:
        raise ValueError(f'there is no file {path}') from None
    except UntrustedCheckpointError:
        raise
    except (OSError, ValueError) as error:
        cause = error.__cause__ or error
        reason = f'{type(cause).__name__}: {cause}'.splitlines()[0]
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint ({reason})'
        ) from error
    tree = tree_in(checkpoint)
    if tree is None:
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint with the '
            f'key {TREE_KEY}, found {sorted(map(str, checkpoint))}'
        )
    return tree
