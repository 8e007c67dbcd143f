"""Products of float32 matrices in tf32, or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

# Bits of the significand of float32 that tf32 does not have.
_DROPPED_BITS = 13


def to_tf32(values: Tensor) -> Tensor:
    """Round float32 to the 11 bits of tf32's significand, ties away from 0.

    So that the device has nothing to round or cut.
    """
    bits = values.contiguous().view(torch.int32)
    half, mask = 1 << (_DROPPED_BITS - 1), -(1 << _DROPPED_BITS)
    return ((bits + half) & mask).view(torch.float32)


@contextmanager
def matmul_precision(precision: str) -> Iterator[None]:
    """Allow tf32 on a GPU, or not, regardless of the user's setting.

    On a CPU, which by ``torch.set_float32_matmul_precision('medium')``
    multiplies in bf16, products are in float32.
    """
    gpu = torch.backends.cuda.matmul
    name, values = 'fp32_precision', ('ieee', 'tf32')
    if hasattr(gpu, name):
        # The module gives itself a class that has it.
        cpu = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
        settings: list[tuple[Any, Any]]
        settings = [(gpu, values[precision != 'fp32']), (cpu, 'ieee')]
    else:  # PyTorch before 2.9, where this is also the setting of the CPU
        name, settings = 'allow_tf32', [(gpu, precision != 'fp32')]
    before = [getattr(backend, name) for backend, _ in settings]
    for backend, value in settings:
        setattr(backend, name, value)
    try:
        yield
    finally:
        for (backend, _), value in zip(settings, before, strict=True):
            setattr(backend, name, value)
