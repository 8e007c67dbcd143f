import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor

from hirl_mm.heads import NormalizedLinear
from hirl_mm.losses import (
    mean_entropy,
    teacher_probabilities,
    view_distillation_loss,
)
from hirl_mm.losses.self_distillation import at_least_float32
from hirl_mm.models.modules import (
    TeacherWarmup,
    current_epoch,
    teacher_temperature,
)
from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINODistillHead(BaseModule):
    """The last layer and the loss of `DINO <https://arxiv.org/abs/2104.14294>`_.

    The centre is a moving average of the teacher's output, whose mean is
    taken over the batches of all ranks. It is a buffer, so a checkpoint
    stores it.

    Args:
        in_channels: Dimension D of the bottleneck.
        out_channels: Output dimension K, over which the softmax is taken.
        student_temp: Temperature of the student.
        teacher_temp: Temperature of the teacher after the warm-up.
        warmup_teacher_temp: Temperature of the teacher in the first epoch.
        warmup_teacher_temp_epochs: Length of the warm-up in epochs.
        center_momentum: Weight of the old centre in the moving average.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If a temperature is not positive or ``center_momentum`` is
            outside [0, 1].
    """

    def __init__(
        self,
        in_channels: int = 256,
        out_channels: int = 65536,
        student_temp: float = 0.1,
        teacher_temp: float = 0.07,
        warmup_teacher_temp: float = 0.04,
        warmup_teacher_temp_epochs: int = 50,
        center_momentum: float = 0.9,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        temperatures = (student_temp, teacher_temp, warmup_teacher_temp)
        if min(temperatures) <= 0 or not 0 <= center_momentum <= 1:
            raise ValueError(
                'student_temp, teacher_temp and warmup_teacher_temp must be '
                'positive and center_momentum in [0, 1], got '
                f'{temperatures} and {center_momentum}'
            )
        self.in_channels = in_channels
        self.student_temp = student_temp
        self.warmup = TeacherWarmup(
            first=warmup_teacher_temp,
            last=teacher_temp,
            num_epochs=warmup_teacher_temp_epochs,
        )
        self.center_momentum = center_momentum
        self.last_layer = NormalizedLinear(in_channels, out_channels)
        self.register_buffer('center', torch.zeros(out_channels))

    @property
    def teacher_temp(self) -> float:
        """Temperature of the teacher in the current epoch."""
        return teacher_temperature(current_epoch(), **self.warmup)

    def loss(
        self, embeddings: Tensor, teacher_logits: Tensor, batch_size: int
    ) -> dict[str, Tensor]:
        """Return the loss of a batch and update the centre.

        Args:
            embeddings: (S * B, D) bottlenecks of the student for S views, all
                images of view 0 first, then those of view 1, and so on.
            teacher_logits: (T * B, K) outputs of the teacher's last layer
                for the first T views, in the same order.
            batch_size: Number of images B.

        Returns:
            ``loss``, a scalar, and ``teacher_entropy``, the lower bound of
            the loss with these targets, in nats: log K if the teacher's
            output is uniform, 0 if it is one-hot.
        """
        student = self.last_layer(embeddings).unflatten(0, (-1, batch_size))
        teacher = teacher_probabilities(
            teacher_logits, self.center, self.teacher_temp
        ).unflatten(0, (-1, batch_size))
        loss = view_distillation_loss(student, teacher, self.student_temp)
        self.move(self.center, at_least_float32(teacher_logits).mean(0))
        return dict(loss=loss, teacher_entropy=mean_entropy(teacher))

    @torch.no_grad()
    def move(self, center: Tensor, mean: Tensor) -> None:
        """Update a centre with the mean over all ranks of ``mean``, (K,)."""
        all_reduce(mean, 'mean')
        center.lerp_(mean, 1 - self.center_momentum)
