"""An optimizer wrapper that takes no step after a broken loss."""

import math
from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.optim import OptimWrapper
from torch import Tensor
from torch.optim import Optimizer

from .host_flag import HostFlag


class Outcome(Enum):
    """What became of a training step."""

    GOOD = 'good'
    LOSS = 'the loss is not finite'
    GRADIENT = 'the gradient is not finite'
    OVERFLOW = 'the scaled gradient overflows'
    BROKEN = 'the gradient was not finite, and the step was taken'


class _NoStep(Exception):
    pass


class StepGate:
    """Keep an optimizer from stepping after a loss that is not finite.

    The gate opens around ``update_params`` of the wrapper and lies before the
    clipping of gradients, before the loss scaler, and so before everything
    that hangs on the optimizer, such as the update of a teacher. All ranks
    decide alike. The loss is checked before the backward pass begins and read
    before the optimizer steps, when a GPU still works on the backward pass,
    so it never waits for the host.

    A gradient that is not finite although the loss is also closes the gate,
    if its norm is known on the host without waiting: on a CPU, and with
    ``clip_grad``, whose norm MMEngine reads. On a GPU without ``clip_grad``
    the step has been taken when it is known (:attr:`Outcome.BROKEN`). A loss
    scaler checks gradients itself; the steps that it skips are told apart
    (:attr:`Outcome.OVERFLOW`).

    Args:
        wrapper: Optimizer wrapper of the training.
        after_forward: Called when a loss is there, before the backward pass.
    """

    def __init__(
        self, wrapper: OptimWrapper, after_forward: Callable[[], None]
    ) -> None:
        self._wrapper = wrapper
        self._after_forward = after_forward
        self._update, self._step = wrapper.update_params, wrapper.step
        wrapper.update_params = self._gated_update
        # With the mark of MMEngine's schedules, which count steps.
        wrapper.step = wraps(self._step)(lambda **kw: self._gated_step(**kw))
        self._handle = wrapper.optimizer.register_step_pre_hook(
            self._before_optimizer
        )
        self.restart()

    def restart(self) -> None:
        """Forget the last training step; call this before every step."""
        self._loss_flag: HostFlag | None = None
        self._gradient_flag: HostFlag | None = None
        self._refused = self._reached = self._called = False
        self.own_flag: Tensor | None = None

    def remove(self) -> None:
        """Make the wrapper what it was."""
        del self._wrapper.update_params
        self._wrapper.step = self._step
        self._handle.remove()

    def outcome(self) -> Outcome:
        """Return what became of the step, the same on all ranks."""
        if self._loss_flag:
            return Outcome.LOSS
        if self._refused:
            return Outcome.GRADIENT
        if self._gradient_flag:
            return Outcome.BROKEN
        if self._called and not self._reached:
            return Outcome.OVERFLOW
        return Outcome.GOOD

    def is_own(self) -> bool:
        """Return whether the loss of this rank is not finite."""
        return bool(self.own_flag)

    def has_stepped(self) -> bool:
        """Return whether the optimizer was to step at all.

        While gradients are accumulated it is not.
        """
        return self._called

    def _gated_update(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        self._after_forward()
        self.own_flag = ~loss.detach().isfinite()
        self._loss_flag = HostFlag(_of_any_rank(self.own_flag))
        self._update(loss, *args, **kwargs)

    def _gated_step(self, **kwargs: Any) -> None:
        if self._loss_flag:
            return
        self._called = True
        try:
            self._step(**kwargs)
        except _NoStep:
            self._refused = True

    def _before_optimizer(
        self, optimizer: Optimizer, args: Any, kwargs: Any
    ) -> None:
        self._reached = True
        if hasattr(self._wrapper, 'loss_scaler'):
            return
        if (self._wrapper.clip_grad_kwargs or {}).get('max_norm'):
            hub = self._wrapper.message_hub
            norm = hub.get_scalar(f'train/{self._wrapper.grad_name}').current()
            broken = not math.isfinite(norm)
        else:
            flag = gradient_is_broken(optimizer)
            if flag.is_cuda:
                self._gradient_flag = HostFlag(flag)
                return
            broken = bool(flag)
        if broken:
            raise _NoStep


@torch.no_grad()
def gradient_is_broken(optimizer: Optimizer) -> Tensor:
    """Return whether the norm of the gradient is not finite.

    Args:
        optimizer: Optimizer whose parameters have gradients.

    Returns:
        Boolean scalar on the device of the parameters; the host does not wait
        for it.
    """
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group['params']
        if parameter.grad is not None
    ]
    if not gradients:
        return torch.tensor(False)
    norms = torch._foreach_norm(gradients)
    return ~torch.stack([norm.float() for norm in norms]).norm().isfinite()


def _of_any_rank(flag: Tensor) -> Tensor:
    if get_world_size() == 1:
        return flag
    count = flag.float()
    all_reduce(count, 'max')
    return count > 0
