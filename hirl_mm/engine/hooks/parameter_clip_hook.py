import torch
from mmengine.runner import Runner
from torch.optim import Optimizer

from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.engine.optimizers.optimizer_step import optimizer_with_plain_steps
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class ParameterClipHook(NamedHook):
    """Clip the gradient of each parameter by its own norm.

    The authors of DINO and iBOT clip this way. MMEngine's ``clip_grad`` and
    the released HIRL clip by one norm over all parameters; with that, large
    gradients of the SPD heads would shrink the gradients of the method. The
    hook clips unscaled gradients, also under AMP, and does not synchronise
    with the device.

    Args:
        max_norm: Maximum Euclidean norm of the gradient of a parameter.

    Raises:
        ValueError: If ``max_norm`` is not positive; before the first
            iteration, if a fused optimizer is used with a loss scale.
    """

    config_name = 'clip'

    def __init__(self, max_norm: float) -> None:
        if max_norm <= 0:
            raise ValueError(f'max_norm must be positive, got {max_norm}')
        self.max_norm = max_norm

    def before_train(self, runner: Runner) -> None:
        optimizer = optimizer_with_plain_steps(runner, 'ParameterClipHook')
        self._handle = optimizer.register_step_pre_hook(
            lambda *_: clip_each(optimizer, self.max_norm)
        )

    def after_train(self, runner: Runner) -> None:
        self._handle.remove()


@torch.no_grad()
def clip_each(optimizer: Optimizer, max_norm: float) -> None:
    """Clip the gradient of each parameter to a norm of ``max_norm``.

    Args:
        optimizer: Optimizer whose parameters' gradients are clipped in place.
        max_norm: Maximum Euclidean norm of the gradient of a parameter.
    """
    gradients = [
        parameter.grad
        for group in optimizer.param_groups
        for parameter in group['params']
        if parameter.grad is not None
    ]
    if gradients:
        norms = torch._foreach_norm(gradients)
        scales = (max_norm / (torch.stack(norms) + 1e-6)).clamp(max=1)
        torch._foreach_mul_(gradients, list(scales.unbind()))
