import torch
from mmpretrain.models.heads import MultiLabelLinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.registry import MODELS


@MODELS.register_module()
class MaskedMultiLabelHead(MultiLabelLinearClsHead):
    """A linear layer with a sigmoid per class that leaves out what is unsure.

    The loss is the binary cross entropy, summed over classes and averaged
    over images, as in the released code of SS-PRL. A class that an image
    shows in objects marked as difficult alone counts neither as present nor
    as absent; MMPreTrain's head takes it as absent. Samples tell such
    classes in ``gt_label_difficult``, which ``PackInputs`` packs if named in
    its ``meta_keys``; those without have none.

    Args:
        *args: Of ``MultiLabelLinearClsHead``.
        **kwargs: Of ``MultiLabelLinearClsHead``.
    """

    def _get_loss(
        self, cls_score: Tensor, data_samples: list[DataSample], **kwargs
    ) -> dict[str, Tensor]:
        """Loss of logits (B, C) by samples with ``gt_score`` (C,)."""
        target = torch.stack([s.gt_score for s in data_samples]).float()
        unsure = torch.zeros_like(target, dtype=torch.bool)
        for row, sample in zip(unsure, data_samples, strict=True):
            row[list(sample.get('gt_label_difficult', ()))] = True
        unsure &= target == 0
        losses = self.loss_module(
            cls_score, target, reduction_override='none', **kwargs
        )
        return dict(loss=losses.masked_fill(unsure, 0).sum() / len(losses))
