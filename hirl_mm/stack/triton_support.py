"""Whether Triton's kernels can run on a device."""

import importlib.util
import os

import torch

from .ranges import numbers

_MIN_CAPABILITY = 80


@torch.compiler.assume_constant_result
def has_triton(device: torch.device, least: str | None = None) -> bool:
    """Return whether the package's Triton kernels run on the device.

    They need Triton and a CUDA device of compute capability 8.0 or newer.
    Triton's interpreter (``TRITON_INTERPRET=1``) runs them on any device, so
    that tests can run the code of a GPU on a CPU.

    Args:
        device: Device of the tensors.
        least: Least version of Triton that the kernels need.
    """
    if importlib.util.find_spec('triton') is None:
        return False
    if least is not None:
        import triton

        if numbers(triton.__version__) < numbers(least):
            return False
    if interprets():
        return True
    if device.type != 'cuda' or not torch.cuda.is_available():
        return False
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor >= _MIN_CAPABILITY


@torch.compiler.assume_constant_result
def interprets() -> bool:
    """Return whether Triton's interpreter stands for a GPU."""
    return os.environ.get('TRITON_INTERPRET') == '1'
