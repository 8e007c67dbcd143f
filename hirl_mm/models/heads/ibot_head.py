from typing import Any

import torch
from torch import Tensor

from hirl_mm.losses import patch_distillation_loss, teacher_probabilities
from hirl_mm.registry import MODELS

from .dino_head import DINODistillHead


@MODELS.register_module()
class iBOTDistillHead(DINODistillHead):
    """The last layer and the losses of `iBOT <https://arxiv.org/abs/2111.07832>`_.

    The class token and the patches share the last layer, but each has its own
    centre. Both losses have weight 1.

    Args:
        in_channels: Dimension D of the bottleneck.
        out_channels: Output dimension K, over which the softmax is taken.
        **kwargs: Other arguments of :class:`DINODistillHead`, used for both
            losses.
    """

    def __init__(
        self, in_channels: int = 256, out_channels: int = 8192, **kwargs: Any
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
        """Return the loss of the masked patches and update their centre.

        Args:
            embeddings: (M, D) bottlenecks of the student at the M masked
                patches.
            teacher_logits: (M, K) outputs of the teacher's last layer at the
                masked patches.
            weight: (M,) float, weight of every masked patch.
            teacher_mean: (K,), the mean of the teacher's output over all
                patches, masked or not.

        Returns:
            ``loss``, a scalar, and ``teacher_entropy``, the lower bound of
            the loss with these targets, in nats.
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
