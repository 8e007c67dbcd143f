from typing import Any

import torch
from mmpretrain.models.heads import MultiLabelLinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.registry import MODELS


@MODELS.register_module()
class MaskedMultiLabelHead(MultiLabelLinearClsHead):
    """A linear multi-label classifier that ignores difficult labels.

    The loss is the binary cross entropy, summed over classes and averaged
    over images, as in the released code of SS-PRL. If all objects of a class
    in an image are marked as difficult, the class counts neither as present
    nor as absent and adds nothing to the loss; MMPreTrain's head treats it as
    absent. A sample lists such classes in ``gt_label_difficult``, which
    ``PackInputs`` packs if its ``meta_keys`` name it. A sample without this
    field has no difficult labels.

    Args:
        *args: Positional arguments of ``MultiLabelLinearClsHead``.
        **kwargs: Keyword arguments of ``MultiLabelLinearClsHead``.
    """

    def _get_loss(
        self, cls_score: Tensor, data_samples: list[DataSample], **kwargs: Any
    ) -> dict[str, Tensor]:
        """Return the loss of logits (B, C).

        Each of the B samples has the targets ``gt_score``, (C,).
        """
        target = torch.stack([s.gt_score for s in data_samples]).float()
        ignored = torch.zeros_like(target, dtype=torch.bool)
        for row, sample in zip(ignored, data_samples, strict=True):
            row[list(sample.get('gt_label_difficult', ()))] = True
        ignored &= target == 0
        losses = self.loss_module(
            cls_score, target, reduction_override='none', **kwargs
        )
        return dict(loss=losses.masked_fill(ignored, 0).sum() / len(losses))
