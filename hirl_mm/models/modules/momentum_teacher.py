import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from hirl_mm.heads import NormalizedLinear

from .pooled import pooled


class MomentumTeacher(nn.Module):
    """Moving average of a student network.

    The state-dict keys begin with the names of the modules, such as
    ``teacher.backbone.*``. The teacher gets no gradient.

    Args:
        student: The student's modules by name; ``backbone`` and ``neck`` are
            required.
        own_statistics: False as in the released DINO and iBOT: the teacher
            stays in evaluation mode, so stochastic depth and dropout are off,
            and buffers are copied from the student, not averaged. True as in
            BYOL: the teacher is in training mode when the model is, so batch
            normalisation uses the teacher's own batches and running
            statistics.
    """

    backbone: nn.Module
    neck: nn.Module
    # Of a student that has one.
    last_layer: NormalizedLinear

    def __init__(
        self,
        student: Mapping[str, nn.Module],
        own_statistics: bool = False,
    ) -> None:
        super().__init__()
        self.own_statistics = own_statistics
        for name, module in student.items():
            self.add_module(name, copy.deepcopy(module))
        self.requires_grad_(False)
        self.train()

    def train(self, mode: bool = True) -> 'MomentumTeacher':
        """Change the mode; a teacher of copied buffers stays as it is."""
        return super().train(mode and self.own_statistics)

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return the neck's output for images (B, 3, H, W): (B, D) each."""
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
        own: list[Tensor] = []
        new: list[Tensor] = []
        for name, module in student.items():
            average = self.get_submodule(name)
            own += average.parameters()
            new += module.parameters()
            if not self.own_statistics:
                buffers = zip(average.buffers(), module.buffers(), strict=True)
                for buffer, value in buffers:
                    buffer.copy_(value)
        get_ema_multi_avg_fn(momentum)(own, new, None)
