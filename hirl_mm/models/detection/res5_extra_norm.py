from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor

from hirl_mm.registry import MODELS


@MODELS.register_module()
class Res5ExtraNorm(BaseModule):
    """Last stage of a ResNet on regions, with a norm behind its last ReLU.

    The shared head of R50-C4 detectors that are trained from self-supervised
    weights, as in the detection code of `MoCo
    <https://arxiv.org/abs/1911.05722>`_ and of `HIRL
    <https://arxiv.org/abs/2205.13159>`_: without the norm, features of other
    pre-trainings than the supervised one have another scale.

    Args:
        norm_cfg: Of all norms.
        num_channels: The stage's last; 2048 of a ResNet-50.
        init_cfg: Of the stage; the norm begins as the identity.
        **res_layer: Of ``mmdet.ResLayer``, such as ``depth`` and ``stride``.
    """

    def __init__(
        self,
        norm_cfg: dict,
        num_channels: int = 2048,
        init_cfg: dict | None = None,
        **res_layer,
    ) -> None:
        super().__init__()
        # Apart from the norm, all its weights are in a checkpoint.
        self.res5 = MODELS.build(
            dict(
                type='mmdet.ResLayer',
                norm_cfg=norm_cfg,
                init_cfg=init_cfg,
                **res_layer,
            )
        )
        self.norm = build_norm_layer(norm_cfg, num_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(R, C / 2, H, W) to (R, C, H / stride, W / stride)."""
        return self.norm(self.res5(x))
