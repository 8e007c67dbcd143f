from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.models.modules import batch_per_resolution, pooled
from hirl_mm.registry import MODELS

from .self_distillation import SelfDistillation


@MODELS.register_module()
class DINOAlgorithm(SelfDistillation):
    """`DINO <https://arxiv.org/abs/2104.14294>`_, the self-supervised method.

    From every view of an image, the student predicts the output of the
    teacher for every other global view. MMDetection has a detector of the
    same name, which is another method.
    """

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the loss of a training step and update the head's centre.

        Args:
            inputs: The views, a tensor (B, 3, H, W) each, global views first.
            data_samples: Not used.

        Returns:
            ``loss`` and ``teacher_entropy``, see
            :meth:`~hirl_mm.models.heads.DINODistillHead.loss`.
        """
        self.check_step(inputs)
        num_global = self.num_crops[0]
        global_views = torch.cat(inputs[:num_global])
        local_views = batch_per_resolution(inputs[num_global:])
        with torch.no_grad():
            teacher = self.teacher
            targets = teacher.last_layer(teacher(global_views))
        features = torch.cat(
            [
                pooled(self.backbone(images)[0])
                for images in (global_views, *local_views)
            ]
        )
        return self.head.loss(self.neck(features), targets, len(inputs[0]))
