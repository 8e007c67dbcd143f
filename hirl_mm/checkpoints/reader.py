"""Reading checkpoint files without running code from them."""

import os
import pickle
import re
from collections.abc import Iterator
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
)
from pathlib import Path

import torch
from mmengine.runner import CheckpointLoader

from hirl_mm.files import check_archive
from hirl_mm.files.archive import is_archive

from .log_classes import log_globals

# Environment variables that set PyTorch's default of ``weights_only``.
WEIGHTS_ONLY = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
NO_WEIGHTS_ONLY = 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'


class UntrustedCheckpointError(ValueError):
    """Raised for a file that was not read because it may run code."""


def read_checkpoint(path: str | os.PathLike, trust: bool = False) -> dict:
    """Read a checkpoint into CPU memory.

    Tensors, plain types and the logs that MMEngine writes are read without
    running code from the file. If the format allows it, a local file is
    checked for damage, see :func:`~hirl_mm.files.check_archive`, and its
    tensors are memory-mapped: they stay on disk until they are used.

    Args:
        path: Path of a file, or an address that MMEngine can read, such as
            ``https://...`` or ``s3://...``.
        trust: Whether to read files that hold other objects too. Such a file
            can run any code: use it only for files from a source you trust.

    Returns:
        Content of the file.

    Raises:
        FileNotFoundError: If the file does not exist.
        OSError: If the file is not a checkpoint, is incomplete or damaged.
        UntrustedCheckpointError: If the file holds other objects and
            ``trust`` is False.
        ValueError: If the file does not hold a dict.
    """
    if is_address(path):
        with weights_only_by_default(not trust), _logs_allowed():
            checkpoint = _load_address(str(path))
    else:
        path = Path(path).expanduser()
        if not path.is_file():
            raise FileNotFoundError(f'there is no checkpoint {path}')
        with _logs_allowed():
            checkpoint = _load_file(path, trust)
    if not isinstance(checkpoint, dict):
        raise ValueError(
            f'{path} holds a {type(checkpoint).__name__}, not a dict: '
            'expected a state dict, which maps names of weights to tensors'
        )
    return checkpoint


def is_address(path: str | os.PathLike) -> bool:
    """Whether ``path`` is an address for MMEngine instead of a local file."""
    return '://' in str(path)


@contextmanager
def weights_only_by_default(value: bool) -> Iterator[None]:
    """Set the default of ``weights_only`` of ``torch.load`` in a context."""
    names = (WEIGHTS_ONLY, NO_WEIGHTS_ONLY)
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ[WEIGHTS_ONLY if value else NO_WEIGHTS_ONLY] = '1'
    try:
        yield
    finally:
        for name, old in before.items():
            os.environ.pop(name, None)
            if old is not None:
                os.environ[name] = old


def _logs_allowed() -> AbstractContextManager:
    """A context in which ``torch.load`` reads the logs of MMEngine."""
    serialization = torch.serialization
    if not hasattr(serialization, 'safe_globals'):
        return nullcontext()
    # On leaving the context PyTorch removes all globals given here, also
    # those that were allowed before.
    allowed = serialization.get_safe_globals()
    return serialization.safe_globals(
        [item for item in log_globals() if item not in allowed]
    )


def _load_address(address: str) -> object:
    try:
        return CheckpointLoader.load_checkpoint(address, 'cpu')
    except pickle.UnpicklingError as error:
        raise _refusal(address, error) from error


def _load_file(path: Path, trust: bool) -> object:
    is_zip = is_archive(path)
    check_archive(path)
    try:
        return torch.load(
            str(path),
            map_location='cpu',
            mmap=is_zip,
            weights_only=not trust,
        )
    except Exception as error:
        refused = isinstance(error, pickle.UnpicklingError)
        if refused and (is_zip or 'GLOBAL ' in str(error)):
            raise _refusal(path, error) from error
        raise OSError(
            f'{path} cannot be read as a checkpoint '
            f'({type(error).__name__}). It is another kind of file, or '
            'incomplete because a run was stopped while it saved: resume '
            'from an earlier one'
        ) from error


def _refusal(path: Path | str, error: Exception) -> UntrustedCheckpointError:
    asked = re.search(r'GLOBAL ([\w.]+)', str(error))
    reason = asked[1] if asked else str(error).splitlines()[-1]
    text = (
        f'{path} holds more than tensors, plain types and logs of MMEngine: '
        f'{reason}. Such a file can run any code when it is read. If it is '
        'from a source you trust, give --trust-checkpoint (in Python '
        'trust=True)'
    )
    if not hasattr(torch.serialization, 'safe_globals'):
        text += (
            f'. PyTorch {torch.__version__} needs this also for checkpoints '
            'with logs of MMEngine; PyTorch 2.6 or later does not'
        )
    return UntrustedCheckpointError(text)
