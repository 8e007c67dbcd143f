import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from .pooled import pooled


class MomentumTeacher(nn.Module):
    """Copies of a student's modules that follow it as moving averages.

    Its state-dict keys are the names of the modules, such as
    ``teacher.backbone.*``. It takes no gradient and stays in evaluation mode,
    so that stochastic depth and dropout are off in it, as in the released
    DINO and iBOT. Buffers are those of the student.

    Args:
        student: Modules by name, among them ``backbone`` and ``neck``.
    """

    def __init__(self, student: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, module in student.items():
            self.add_module(name, copy.deepcopy(module))
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> 'MomentumTeacher':
        """Stays in evaluation mode."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) to outputs of the neck (B, D)."""
        return self.neck(pooled(self.backbone(images)[0]))

    def copy_student(self, student: Mapping[str, nn.Module]) -> None:
        """Start from the student's weights."""
        for name, module in student.items():
            self.get_submodule(name).load_state_dict(module.state_dict())

    @torch.no_grad()
    def follow(
        self, student: Mapping[str, nn.Module], momentum: float
    ) -> None:
        """Every weight w to ``momentum * w + (1 - momentum) * student's``."""
        own, new, own_buffers, new_buffers = [], [], [], []
        for name, module in student.items():
            copied = self.get_submodule(name)
            own += copied.parameters()
            new += module.parameters()
            own_buffers += copied.buffers()
            new_buffers += module.buffers()
        get_ema_multi_avg_fn(momentum)(own, new, None)
        for buffer, value in zip(own_buffers, new_buffers, strict=True):
            buffer.copy_(value)
