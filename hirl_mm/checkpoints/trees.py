import os
from collections.abc import Mapping

from hirl_mm.files import BrokenFileError
from hirl_mm.structures import TREE_KEY, PrototypeTree

from .reader import UntrustedCheckpointError, read_checkpoint

_PARTS = {'centroids', 'parents', 'leaf'}


def tree_in(checkpoint: Mapping) -> PrototypeTree | None:
    """Return the prototype tree of a checkpoint or tree file.

    Args:
        checkpoint: Content of a training checkpoint or of a file that
            :meth:`PrototypeTree.save` wrote, as :func:`read_checkpoint`
            returns it.

    Returns:
        The tree, on the CPU; None if there is no tree.

    Raises:
        ValueError: If the stored tensors do not make a valid tree.
    """
    state = checkpoint.get(TREE_KEY, checkpoint)
    if not isinstance(state, Mapping) or not set(state) >= _PARTS:
        return None
    return PrototypeTree.from_state_dict(dict(state))


def load_tree(path: str | os.PathLike, trust: bool = False) -> PrototypeTree:
    """Read a prototype tree from a tree file or a training checkpoint.

    Args:
        path: Path of a file that :meth:`PrototypeTree.save` wrote, or of a
            checkpoint that holds the state of a tree under
            :data:`~hirl_mm.structures.TREE_KEY`.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`.

    Returns:
        The tree, on the CPU.

    Raises:
        ValueError: If the file does not exist, is a folder, is damaged, holds
            no tree, or needs ``trust``.
    """
    if os.path.isdir(path):
        raise ValueError(
            f'{path} is a folder: give a checkpoint (epoch_*.pth) or a tree '
            'file in it'
        )
    try:
        checkpoint = read_checkpoint(path, trust)
    except FileNotFoundError:
        raise ValueError(f'there is no file {path}') from None
    except UntrustedCheckpointError:
        raise
    except BrokenFileError as error:
        raise ValueError(str(error)) from error
    except (OSError, ValueError) as error:
        reason = str(error).removeprefix(f'{path} ')
        if error.__cause__ is not None:
            reason = type(error.__cause__).__name__
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint ({reason})'
        ) from error
    try:
        tree = tree_in(checkpoint)
    except ValueError as error:
        raise ValueError(f'{path} holds a broken tree: {error}') from error
    if tree is None:
        raise ValueError(
            f'{path} is neither a prototype tree nor a checkpoint with the '
            f'key {TREE_KEY}, found {sorted(map(str, checkpoint))}'
        )
    return tree
