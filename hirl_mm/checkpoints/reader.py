import pickle
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_local_checkpoint(filename: str, map_location=None) -> dict:
    """Load a checkpoint file, one of MMEngine's training runs included.

    Those hold MMEngine's own log buffers, which ``torch.load`` refuses since
    PyTorch 2.6, so that MMEngine 0.10 cannot resume its own runs. A file that
    holds tensors and plain types alone is loaded without running code from
    it; any other must come from a source you trust, as with every earlier
    PyTorch.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If the file is no checkpoint, or only half of one.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there is no checkpoint {path}')
    try:
        return _load(path, map_location)
    except Exception as error:
        raise OSError(
            f'{path} cannot be read as a checkpoint, '
            f'{type(error).__name__}: {error}. It is another kind of file, or '
            'a run was stopped while it wrote it: resume from an earlier one'
        ) from error


def _load(path: Path, map_location) -> dict:
    try:
        return torch.load(path, map_location, weights_only=True)
    except pickle.UnpicklingError:
        return torch.load(path, map_location, weights_only=False)
