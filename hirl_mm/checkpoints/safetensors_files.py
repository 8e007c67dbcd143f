from pathlib import Path
from types import ModuleType

from torch import Tensor

from hirl_mm.files import replacing


def require_safetensors() -> ModuleType:
    """Return the module ``safetensors.torch``.

    Raises:
        ValueError: If the package is not installed; the message has the
            command that installs it.
    """
    try:
        import safetensors.torch
    except ImportError:
        raise ValueError(
            'files of timm and Hugging Face need the package safetensors: '
            "pip install 'safetensors>=0.4'"
        ) from None
    return safetensors.torch


def write_safetensors(state: dict[str, Tensor], path: str | Path) -> None:
    """Write tensors to a safetensors file, in PyTorch's format."""
    library = require_safetensors()
    # safetensors rejects the strides of weights trained in channels_last.
    state = {key: value.contiguous() for key, value in state.items()}
    with replacing(path) as temporary:
        library.save_file(state, temporary, metadata=dict(format='pt'))


def read_safetensors(path: str | Path) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file into CPU memory.

    Raises:
        OSError: If the file is not of this kind, or is incomplete.
        ValueError: If the package ``safetensors`` is not installed.
    """
    library = require_safetensors()
    try:
        return library.load_file(str(path))
    except Exception as error:
        raise OSError(
            f'{path} cannot be read as a safetensors file, '
            f'{type(error).__name__}: {error}. It is another kind of file, or '
            'incomplete: download it again'
        ) from error
