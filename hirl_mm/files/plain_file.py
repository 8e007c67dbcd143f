"""Reading files that this project has written, without running code."""

import os
import pickle

import torch

from .archive import check_archive


def load_plain(path: str | os.PathLike) -> object:
    """Read a file of ``torch.save`` with tensors and plain types, to the CPU.

    Args:
        path: Path of the file.

    Raises:
        BrokenFileError: If the file is incomplete or damaged.
        ValueError: If it is no file of ``torch.save``, or holds anything
            else. Nothing of it has run.

    Example:
        >>> torch.save(dict(weight=torch.ones(2)), 'weights.pth')
        >>> load_plain('weights.pth')
        {'weight': tensor([1., 1.])}
    """
    check_archive(path)
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:
        # PyTorch's advice is to read the file and let it run.
        is_refusal = isinstance(error, pickle.UnpicklingError)
        reason = type(error).__name__
        if is_refusal:
            reason = 'it holds more than tensors and plain types, or is none'
        raise ValueError(
            f'{path} is not read: expected a file of torch.save that this '
            f'project has written ({reason}). Nothing of it has run'
        ) from error
