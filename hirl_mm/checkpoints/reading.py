from collections.abc import Mapping

from torch import Tensor

from .reader import read_checkpoint


def read_state_dict(
    checkpoint: str | None, trust: bool = False
) -> dict[str, Tensor]:
    """Read the weights of a checkpoint, on the CPU.

    Args:
        checkpoint: A file, or an address that MMEngine can read from. It
            holds a state dict, or one under ``state_dict``.
        trust: See :func:`read_checkpoint`.

    Returns:
        Tensors by name.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file is no checkpoint, or only half of one.
        ValueError: If no file is given, it holds no state dict, or it needs
            ``trust``.
    """
    if not checkpoint:
        raise ValueError(
            'no checkpoint is given for the backbone: give '
            '--cfg-options model.backbone.init_cfg.checkpoint=FILE'
        )
    loaded = read_checkpoint(checkpoint, trust)
    state = loaded.get('state_dict', loaded)
    entries = state.items() if isinstance(state, Mapping) else ()
    weights = {k: v for k, v in entries if isinstance(v, Tensor)}
    if not weights:
        raise ValueError(
            f"{checkpoint} holds no weights under 'state_dict' or at its top, "
            f'where it has {", ".join(map(str, loaded)) or "nothing"}: '
            'if it is a release of another library, run '
            'tools/model_converters/import_checkpoint.py on it first'
        )
    return weights
