"""How fast a device multiplies matrices, and how much a step multiplies."""

import time

import torch
from mmengine.optim import AmpOptimWrapper, OptimWrapper

# Side of the matrices, by type of the device: large enough for the full rate,
# and a few milliseconds in all.
_SIDES = {'cuda': 4096, 'cpu': 512}
_REPEATS = 10


def product_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Measure the rate of a product of two square matrices.

    Args:
        device: Device of the training.
        dtype: Floating point type of the matrices.

    Returns:
        Floating point operations per second, the best of ten products.
    """
    side = _SIDES.get(device.type, _SIDES['cuda'])
    one, other = torch.randn(
        2, side, side, device=device, generator=_generator(device)
    ).to(dtype)
    best = float('inf')
    for _ in range(_REPEATS):
        _wait_for(device)
        begin = time.perf_counter()
        torch.mm(one, other)
        _wait_for(device)
        best = min(best, time.perf_counter() - begin)
    return 2 * side**3 / best


def training_dtype(wrapper: OptimWrapper) -> torch.dtype:
    """Return the type in which a training multiplies matrices.

    Args:
        wrapper: Optimizer wrapper of the training.
    """
    if not isinstance(wrapper, AmpOptimWrapper):
        return torch.float32
    return wrapper.cast_dtype or torch.float16


def _generator(device: torch.device) -> torch.Generator:
    """A generator of its own, so that the training draws what it would."""
    return torch.Generator(device).manual_seed(0)


def _wait_for(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
