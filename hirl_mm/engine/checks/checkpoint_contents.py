"""Checks of what a checkpoint file holds, once it is read."""

from collections.abc import Mapping

_ENTRIES = 'state_dict', 'meta', 'message_hub'


def check_state_dict(checkpoint: Mapping, file: str) -> None:
    """Check that a checkpoint holds weights by name.

    Args:
        checkpoint: Content of the file.
        file: Path of the file, for the error.

    Raises:
        ValueError: If its ``state_dict`` is something else, or empty.
    """
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, Mapping) or not state:
        raise ValueError(
            f'{file} holds no weights: its state_dict is '
            f'{"empty" if not state else f"a {type(state).__name__}"}'
        )


def check_resumable(checkpoint: Mapping, file: str) -> None:
    """Check that a training can be resumed from a checkpoint.

    Args:
        checkpoint: Content of the file.
        file: Path of the file, for the error.

    Raises:
        ValueError: If it lacks what MMEngine saves of a training beside the
            weights: epoch, iteration and logs. One without the state of the
            optimizer, such as the best one, goes on with a new state.
    """
    missing = [name for name in _ENTRIES if name not in checkpoint]
    meta = checkpoint.get('meta')
    if isinstance(meta, Mapping):
        missing += [
            f'meta.{name}' for name in ('epoch', 'iter') if name not in meta
        ]
    if missing:
        raise ValueError(
            f'{file} is no checkpoint to resume from: it has no '
            f'{", ".join(missing)}. To start a new training from its weights, '
            'use --cfg-options load_from=FILE instead of --resume'
        )
