from collections.abc import Mapping

from mmengine.runner import CheckpointLoader
from torch import Tensor

# Importing it registers how local files are read.
from . import reader as checkpoint_loader  # noqa: F401


def read_state_dict(checkpoint: str | None) -> dict[str, Tensor]:
    """The weights in a file, on the CPU.

    Args:
        checkpoint: A file, or an address that MMEngine can read from. It
            holds a state dict, or one under ``state_dict``.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file is no checkpoint, or only half of one.
        ValueError: If no file is given, or it holds no state dict.
    """
    if not checkpoint:
        raise ValueError(
            'no checkpoint is given for the backbone: give '
            '--cfg-options model.backbone.init_cfg.checkpoint=FILE'
        )
    loaded = CheckpointLoader.load_checkpoint(checkpoint, 'cpu')
    if not isinstance(loaded, dict):
        raise ValueError(
            f'{checkpoint} holds a {type(loaded).__name__}, where a state '
            'dict is expected: names of weights and their tensors'
        )
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
