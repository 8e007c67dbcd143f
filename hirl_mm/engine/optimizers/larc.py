from collections.abc import Callable, Iterable
from typing import overload

import torch
from torch import Tensor
from torch.optim import Optimizer

from hirl_mm.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class LARC(Optimizer):
    r"""SGD with momentum and a learning rate of its own for every parameter.

    The gradient g of a parameter w with weight decay d becomes

    .. math:: \frac{t \, |w|}{|g| + d \, |w| + \epsilon} \, (g + d \, w),

    with the trust coefficient t, and SGD follows this gradient. If w or g is
    zero, g is taken as it is, without weight decay. This is ``LARC`` of Apex
    with ``clip=False`` around PyTorch's SGD, as SwAV and SS-PRL are trained.
    MMPreTrain's ``LARS`` multiplies by the learning rate before, instead of
    after, the momentum, so the two differ where the learning rate changes. No
    step waits for the device. A parameter without a gradient keeps its value
    and its momentum.

    You, Gitman, Ginsburg, *Large Batch Training of Convolutional Networks*,
    2017, https://arxiv.org/abs/1708.03888.

    Args:
        params: Parameters, or dicts that define groups of parameters.
        lr: Learning rate.
        momentum: Momentum of SGD.
        weight_decay: Weight decay d.
        trust_coefficient: Trust coefficient t.
        eps: Epsilon above.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        eps: float = 1e-8,
    ) -> None:
        if min(lr, weight_decay, eps) < 0 or trust_coefficient <= 0:
            raise ValueError(
                'LARC needs lr, weight_decay and eps of at least 0 and a '
                f'positive trust_coefficient, got lr={lr}, weight_decay='
                f'{weight_decay}, eps={eps} and trust_coefficient='
                f'{trust_coefficient}'
            )
        if not 0 <= momentum < 1:
            raise ValueError(
                f'momentum must be at least 0 and less than 1, got {momentum}'
            )
        defaults = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            trust_coefficient=trust_coefficient,
            eps=eps,
        )
        super().__init__(params, defaults)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update all parameters that have a gradient.

        Args:
            closure: Computes the loss and the gradients; None if they are
                there.

        Returns:
            The loss of the closure, None without one.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group['params'] if p.grad is not None]
            if parameters:
                gradients = [p.grad for p in parameters]
                self._update(parameters, gradients, group)
        return loss

    def _update(
        self, parameters: list[Tensor], gradients: list[Tensor], group: dict
    ) -> None:
        updates = _scaled(
            parameters,
            gradients,
            group['weight_decay'],
            group['trust_coefficient'],
            group['eps'],
        )
        for parameter in parameters:
            if not self.state[parameter]:
                zeros = torch.zeros_like(parameter)
                self.state[parameter]['momentum_buffer'] = zeros
        buffers = [self.state[p]['momentum_buffer'] for p in parameters]
        torch._foreach_mul_(buffers, group['momentum'])
        torch._foreach_add_(buffers, updates)
        torch._foreach_add_(parameters, buffers, alpha=-group['lr'])


def _scaled(
    parameters: list[Tensor],
    gradients: list[Tensor],
    weight_decay: float,
    trust_coefficient: float,
    eps: float,
) -> list[Tensor]:
    """Return the gradients that SGD follows, see :class:`LARC`."""
    size = torch.stack(torch._foreach_norm(parameters))
    slope = torch.stack(torch._foreach_norm(gradients))
    rate = trust_coefficient * size / (slope + weight_decay * size + eps)
    moves = (size != 0) & (slope != 0)
    factor = torch.where(moves, rate, 1)
    decay = torch.where(moves, rate * weight_decay, 0)
    updates = [*torch._foreach_mul(gradients, list(factor.unbind()))]
    decayed = torch._foreach_mul(parameters, list(decay.unbind()))
    torch._foreach_add_(updates, decayed)
    return updates
