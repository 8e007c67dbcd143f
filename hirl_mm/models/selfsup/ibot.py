from typing import Any

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.models.heads import iBOTDistillHead
from hirl_mm.models.modules import MaskedPatches, batch_per_resolution, pooled
from hirl_mm.registry import MODELS

from .self_distillation import SelfDistillation


@MODELS.register_module()
class iBOTAlgorithm(SelfDistillation):
    """`iBOT <https://arxiv.org/abs/2111.07832>`_.

    iBOT is DINO with masked patches: the student sees the global views with
    blocks of patches masked, and also predicts the output of the teacher at
    these patches. The last layer processes masked patches only, but the
    centre averages over all patches of the teacher.
    """

    head: iBOTDistillHead

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the losses of a training step and update the head's centres.

        Args:
            inputs: The views, a tensor (B, 3, H, W) each, global views first.
            data_samples: B samples with ``masked_patches`` in their metainfo,
                a (G, H, W) bool array with one mask per global view from
                :class:`~hirl_mm.datasets.transforms.BlockMask`.

        Returns:
            ``loss_cls`` and ``loss_patch``, and their lower bounds with these
            targets, ``teacher_entropy`` and ``patch_entropy``, in nats.

        Raises:
            ValueError: If masks are missing or their size is not that of the
                patches of a view.
        """
        self.check_step(inputs)
        num_global = self.num_crops[0]
        global_views = torch.cat(inputs[:num_global])
        masked = MaskedPatches.of_samples(
            data_samples, num_global, global_views.device
        )

        tokens = self.backbone(global_views, mask=masked.mask)[0]
        features = [tokens[:, 0]]
        for images in batch_per_resolution(inputs[num_global:]):
            features.append(pooled(self.backbone(images)[0]))
        features.append(masked.select(tokens[:, 1:]))
        embeddings = self.neck(torch.cat(features))

        with torch.no_grad():
            teacher = self.teacher
            tokens = teacher.neck(teacher.backbone(global_views)[0])
            logits = teacher.last_layer(tokens[:, 0])
            patch_logits = teacher.last_layer(masked.select(tokens[:, 1:]))
            patch_mean = teacher.last_layer.mean_output(tokens[:, 1:])

        num_rows = sum(self.num_crops) * len(data_samples)
        losses = self.head.loss(
            embeddings[:num_rows], logits, len(data_samples)
        )
        patch_losses = self.head.patch_loss(
            embeddings[num_rows:], patch_logits, masked.weight, patch_mean
        )
        return dict(
            loss_cls=losses['loss'],
            loss_patch=patch_losses['loss'],
            teacher_entropy=losses['teacher_entropy'],
            patch_entropy=patch_losses['teacher_entropy'],
        )
