from collections.abc import Mapping

from torch import Tensor

from .reader import read_checkpoint


def read_state_dict(
    checkpoint: str | None, trust: bool = False
) -> dict[str, Tensor]:
    """Read the weights of a checkpoint into CPU memory.

    Args:
        checkpoint: Path of a file, or an address that MMEngine can read. The
            file holds a state dict, either directly or under the key
            ``state_dict``.
        trust: Whether to read a file that may run code, see
            :func:`read_checkpoint`.

    Returns:
        Tensors by name.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint, or is incomplete.
        ValueError: If no file is given, it holds no state dict, or it needs
            ``trust``.
    """
    weights, _ = read_weights(checkpoint, trust)
    return weights


def read_weights(
    checkpoint: str | None, trust: bool = False
) -> tuple[dict[str, Tensor], Mapping]:
    """Read weights as :func:`read_state_dict` does, and what describes them.

    Returns:
        Tensors by name, and the file's ``meta``, empty if it has none.
    """
    if not checkpoint:
        raise ValueError(
            'no checkpoint is given for the backbone: give '
            '--cfg-options model.backbone.init_cfg.checkpoint=FILE'
        )
    loaded = read_checkpoint(checkpoint, trust)
    return weights_in(loaded, checkpoint), meta_of(loaded)


def meta_of(loaded: Mapping) -> Mapping:
    """Return the entry ``meta`` of a checkpoint, empty if it has none."""
    meta = loaded.get('meta')
    return meta if isinstance(meta, Mapping) else {}


def weights_in(loaded: Mapping, checkpoint: str) -> dict[str, Tensor]:
    """Return the weights in the content of a checkpoint.

    Args:
        loaded: Content of the file, as :func:`read_checkpoint` returns it.
        checkpoint: Name of the file, for the message.

    Raises:
        ValueError: If it holds no state dict.
    """
    state = loaded.get('state_dict', loaded)
    entries = state.items() if isinstance(state, Mapping) else ()
    weights = {k: v for k, v in entries if isinstance(v, Tensor)}
    if not weights:
        raise ValueError(
            f"{checkpoint} holds no weights, neither under 'state_dict' nor "
            'at its top level, which has the keys '
            f'{", ".join(map(str, loaded)) or "(none)"}. If it is a release '
            'of another library, run '
            'tools/model_converters/import_checkpoint.py on it first'
        )
    return weights
