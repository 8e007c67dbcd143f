import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.models.modules import MaskedPatches, batch_per_resolution, pooled
from hirl_mm.registry import MODELS

from .self_distillation import SelfDistillation


@MODELS.register_module()
class iBOTAlgorithm(SelfDistillation):
    """`iBOT <https://arxiv.org/abs/2111.07832>`_.

    DINO, whose student sees the global views with blocks of patches masked
    and is also to tell what the teacher sees at those patches. The last layer
    works on masked patches alone; all patches of the teacher count for the
    centre.
    """

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs,
    ) -> dict[str, Tensor]:
        """The losses of a training step; moves the head's centres.

        Args:
            inputs: The views (B, 3, H, W), global ones first.
            data_samples: B samples with ``masked_patches``, (G, H, W) bool
                arrays of :class:`~hirl_mm.datasets.transforms.BlockMask`, one
                mask per global view, in their metainfo.

        Returns:
            ``loss_cls`` and ``loss_patch``, and the values below which they
            cannot fall with these targets, ``teacher_entropy`` and
            ``patch_entropy``.

        Raises:
            ValueError: If masks are missing or of another size than the
                patches.
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
