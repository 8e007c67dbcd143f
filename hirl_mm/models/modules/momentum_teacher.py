import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from .pooled import pooled


class MomentumTeacher(nn.Module):
    """Moving average of a student network.

    The state-dict keys begin with the names of the modules, such as
    ``teacher.backbone.*``. The teacher gets no gradient and stays in
    evaluation mode, so stochastic depth and dropout are off, as in the
    released DINO and iBOT. Buffers are copied from the student, not averaged.

    Args:
        student: The student's modules by name; ``backbone`` and ``neck`` are
            required.
    """

    def __init__(self, student: Mapping[str, nn.Module]) -> None:
        super().__init__()
        for name, module in student.items():
            self.add_module(name, copy.deepcopy(module))
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> 'MomentumTeacher':
        """Keep the evaluation mode, whatever ``mode`` is."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the neck's output, (B, D), for images (B, 3, H, W)."""
        return self.neck(pooled(self.backbone(images)[0]))

    @torch.no_grad()
    def follow(
        self, student: Mapping[str, nn.Module], momentum: float
    ) -> None:
        """Update the teacher after an optimizer step of the student.

        Every weight w becomes ``momentum * w + (1 - momentum) * s``, where s
        is the student's weight.

        Args:
            student: The student's modules by name, as given to the teacher.
            momentum: Weight of the old teacher, in [0, 1].
        """
        own, new, own_buffers, new_buffers = [], [], [], []
        for name, module in student.items():
            average = self.get_submodule(name)
            own += average.parameters()
            new += module.parameters()
            own_buffers += average.buffers()
            new_buffers += module.buffers()
        get_ema_multi_avg_fn(momentum)(own, new, None)
        for buffer, value in zip(own_buffers, new_buffers, strict=True):
            buffer.copy_(value)
