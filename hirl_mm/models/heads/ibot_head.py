import torch
from torch import Tensor

from hirl_mm.losses import patch_distillation_loss, teacher_probabilities
from hirl_mm.registry import MODELS

from .dino_head import DINODistillHead


@MODELS.register_module()
class iBOTDistillHead(DINODistillHead):
    """The last layer and the losses of `iBOT <https://arxiv.org/abs/2111.07832>`_.

    The class token and the patches share the last layer; each has a centre.
    Both losses weigh 1.

    Args:
        in_channels: Dimension of the bottleneck.
        out_channels: K.
        **kwargs: Of :class:`DINODistillHead`; they hold for both losses.
    """

    def __init__(
        self, in_channels: int = 256, out_channels: int = 8192, **kwargs
    ) -> None:
        super().__init__(in_channels, out_channels, **kwargs)
        self.register_buffer('patch_center', torch.zeros(out_channels))

    def patch_loss(
        self,
        embeddings: Tensor,
        teacher_logits: Tensor,
        weight: Tensor,
        teacher_mean: Tensor,
    ) -> dict[str, Tensor]:
        """The loss of masked patches; moves their centre.

        Args:
            embeddings: (M, D) bottlenecks of the student at masked patches.
            teacher_logits: (M, K) outputs of the teacher's last layer there.
            weight: (M,) float, of every patch.
            teacher_mean: (K,), the mean of the teacher's output over all
                patches, masked or not.

        Returns:
            ``loss``, a scalar, and ``teacher_entropy``, below which it cannot
            fall with these targets.
        """
        teacher = teacher_probabilities(
            teacher_logits, self.patch_center, self.teacher_temp
        )
        loss = patch_distillation_loss(
            self.last_layer(embeddings), teacher, weight, self.student_temp
        )
        self.move(self.patch_center, teacher_mean)
        entropy = (torch.special.entr(teacher).sum(-1) * weight).sum()
        return dict(loss=loss, teacher_entropy=entropy)
