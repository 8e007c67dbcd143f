from pathlib import Path

from .reader import load_local_checkpoint


def read_weights_file(path: str | Path) -> dict:
    """What a checkpoint file holds, in CPU memory.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it is no checkpoint.
        ValueError: If it holds something else than a dict.
    """
    checkpoint = load_local_checkpoint(str(path), 'cpu')
    if not isinstance(checkpoint, dict):
        raise ValueError(
            f'{path} holds a {type(checkpoint).__name__}, not a dict of '
            'weights'
        )
    return checkpoint
