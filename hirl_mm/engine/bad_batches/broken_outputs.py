"""Which module of a network is the first whose output is not finite."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn


@dataclass(frozen=True)
class BrokenOutput:
    """An output with entries that are NaN or infinite.

    Attributes:
        name: Path of the module; empty for the whole model.
        kind: Class of the module.
        num_broken: Number of entries that are NaN or infinite.
        num: Number of entries.
        inputs_broken: Number of entries of the inputs that are.
    """

    name: str
    kind: str
    num_broken: int
    num: int
    inputs_broken: int


@contextmanager
def broken_outputs(model: nn.Module) -> Iterator[list[BrokenOutput]]:
    """Look at the outputs of all modules while a block runs.

    Args:
        model: The network.

    Yields:
        List of the broken outputs, filled in the order in which modules
        finish: inner ones before those that contain them.
    """
    found: list[BrokenOutput] = []

    def look(module: nn.Module, inputs: tuple, output: object) -> None:
        broken, num = count_broken(output)
        if broken:
            name, kind = names[module], type(module).__name__
            found.append(
                BrokenOutput(name, kind, broken, num, count_broken(inputs)[0])
            )

    names = {module: name for name, module in model.named_modules()}
    with ExitStack() as stack:
        for module in names:
            stack.callback(module.register_forward_hook(look).remove)
        yield found


def count_broken(value: object) -> tuple[int, int]:
    """Count the entries of tensors that are NaN or infinite.

    Args:
        value: A tensor, or containers and data samples of tensors.

    Returns:
        Number of these entries, and of all entries of floating point.
    """
    counts = [
        (int((~tensor.isfinite()).sum()), tensor.numel())
        for tensor in tensors_in(value)
        if tensor.is_floating_point()
    ]
    return sum(c[0] for c in counts), sum(c[1] for c in counts)


def tensors_in(value: object) -> Iterator[Tensor]:
    """Yield all tensors in containers and data samples."""
    if isinstance(value, Tensor):
        yield value.detach()
    elif isinstance(value, BaseDataElement):
        yield from tensors_in(dict(value.items()))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from tensors_in(item)


@torch.no_grad()
def norms_by_part(model: nn.Module) -> dict[str, float]:
    """Return the norm of the gradient of every top-level module.

    Args:
        model: The network after a backward pass. Modules without a gradient
            are left out.
    """
    norms = {}
    for name, child in model.named_children():
        grads = [p.grad for p in child.parameters() if p.grad is not None]
        if grads:
            each = torch.stack([grad.float().norm() for grad in grads])
            norms[name] = each.norm().item()
    return norms


def broken_weights(model: nn.Module) -> list[str]:
    """Return the names of weights and buffers that are not finite."""
    return [
        name
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor) and count_broken(value)[0]
    ]
