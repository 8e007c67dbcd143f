from collections.abc import Sequence

import torch.nn.functional as F
from mmpretrain.models.backbones import VisionTransformer
from torch import Tensor

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DetectionViT(VisionTransformer):
    """MMPreTrain's vision transformer as the backbone of a detector.

    It takes images of any size: they are filled up with zeros to whole
    patches, and positions are interpolated to the grid of the image. Outputs
    are maps of blocks 4, 6, 8 and 12, without the norm behind the last one,
    as in the detectors of iBOT and `HIRL <https://arxiv.org/abs/2205.13159>`_;
    :class:`~hirl_mm.models.necks.FourScaleNeck` makes four scales of them.
    Memory is saved with ``activation_checkpointing`` of MMEngine's Runner,
    which takes names such as ``'backbone.layers.0'``.

    Args:
        *args: Of ``VisionTransformer``.
        out_indices: Blocks, the first is 0.
        out_type: As there; maps by default.
        final_norm: As there; off by default.
        **kwargs: Of ``VisionTransformer``.
    """

    def __init__(
        self,
        *args,
        out_indices: Sequence[int] = (3, 5, 7, 11),
        out_type: str = 'featmap',
        final_norm: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(
            *args,
            out_indices=list(out_indices),
            out_type=out_type,
            final_norm=final_norm,
            **kwargs,
        )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Images (B, 3, H, W) to maps (B, C, ceil(H / P), ceil(W / P))."""
        patch_height, patch_width = self.patch_embed.projection.stride
        height, width = x.shape[-2:]
        filled = F.pad(x, (0, -width % patch_width, 0, -height % patch_height))
        return super().forward(filled)
