from pathlib import Path

from torch import Tensor

from hirl_mm.files import replacing


def require_safetensors():
    """The module ``safetensors.torch``.

    Raises:
        ValueError: If it is not installed, with the command that mends it.
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
    """Write tensors as PyTorch's libraries read them."""
    library = require_safetensors()
    # Weights that were trained in channels_last are stored so, too.
    state = {key: value.contiguous() for key, value in state.items()}
    with replacing(path) as temporary:
        library.save_file(state, temporary, metadata=dict(format='pt'))
