"""Gradients that wait for an update when a checkpoint is saved."""

import torch
from mmengine.dist import all_reduce_params
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from hirl_mm.ranks import gather_objects, rank_and_world_size

# By the names of their parameters.
Gradients = dict[str, Tensor]


def is_accumulating(wrapper: object) -> bool:
    """Return whether a wrapper holds gradients that it has not used yet.

    Args:
        wrapper: Optimizer wrapper; one of several optimizers steps as the
            model tells it to, and accumulates nothing.
    """
    return isinstance(wrapper, OptimWrapper) and not wrapper.should_update()


@torch.no_grad()
def gather_gradients(model: nn.Module) -> Gradients:
    """Return copies of the gradients, on several ranks their mean.

    Ranks share their gradients in the step that updates the weights; until
    then each has its own. Their mean leads to the same update.

    A collective call: all ranks must make it.

    Args:
        model: Model, not wrapped for several processes.
    """
    parameters = dict(model.named_parameters())
    mine = [n for n, p in parameters.items() if p.grad is not None]
    of_any = set().union(*gather_objects(mine))
    gradients = {
        name: _gradient(parameters[name]).clone()
        for name in parameters
        if name in of_any
    }
    _, world_size = rank_and_world_size()
    if world_size > 1:
        all_reduce_params(list(gradients.values()), coalesce=True, op='mean')
    return {name: gradient.cpu() for name, gradient in gradients.items()}


def restore_gradients(model: nn.Module, gradients: Gradients) -> None:
    """Give a model the gradients of :func:`gather_gradients`.

    Args:
        model: Model, not wrapped for several processes.
        gradients: Gradients of a checkpoint, on any device.
    """
    for name, parameter in model.named_parameters():
        if name in gradients:
            parameter.grad = gradients[name].to(parameter)


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        return torch.zeros_like(parameter)
    return parameter.grad
