from collections.abc import Sequence

import torch
from torch import Tensor

# Kernels are compiled for addresses that are multiples of 16 bytes.
_ALIGNMENT = 16


def transferred(
    tensors: Sequence[Tensor], device: torch.device
) -> list[Tensor]:
    """Copy small tensors from the host to a device in one transfer.

    The host does not wait for the device.

    Args:
        tensors: Tensors on the host, of any shapes and types.
        device: Where they are needed.
    """
    if device.type == 'cpu':
        return [tensor.contiguous() for tensor in tensors]
    buffer, places = packed(tensors, pinned=device.type == 'cuda')
    there = buffer.to(device, non_blocking=True)
    return unpacked(there, tensors, places)


def packed(
    tensors: Sequence[Tensor], pinned: bool
) -> tuple[Tensor, list[int]]:
    """Return a buffer (bytes,) uint8 of all tensors, and where each begins."""
    places, end = [], 0
    for tensor in tensors:
        places.append(end)
        end += -(-tensor.nbytes // _ALIGNMENT) * _ALIGNMENT
    buffer = torch.empty(end, dtype=torch.uint8, pin_memory=pinned)
    for tensor, place in zip(tensors, places, strict=True):
        raw = tensor.contiguous().flatten().view(torch.uint8)
        buffer[place : place + tensor.nbytes] = raw
    return buffer, places


def unpacked(
    buffer: Tensor, tensors: Sequence[Tensor], places: Sequence[int]
) -> list[Tensor]:
    """Return the tensors that a buffer of :func:`packed` holds."""
    return [
        buffer[place : place + tensor.nbytes]
        .view(tensor.dtype)
        .view(tensor.shape)
        for tensor, place in zip(tensors, places, strict=True)
    ]
