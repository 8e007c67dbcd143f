from typing import Any

from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor

from hirl_mm.registry import MODELS


@MODELS.register_module()
class Res5ExtraNorm(BaseModule):
    """Last stage of a ResNet on regions, followed by a normalisation layer.

    This is the shared head of R50-C4 detectors that start from
    self-supervised weights, as in the detection code of `MoCo
    <https://arxiv.org/abs/1911.05722>`_ and of `HIRL
    <https://arxiv.org/abs/2205.13159>`_. Without the normalisation after the
    last ReLU, self-supervised features have another scale than supervised
    ones.

    Args:
        norm_cfg: Config of all normalisation layers.
        num_channels: Number of output channels of the stage, 2048 for a
            ResNet-50.
        init_cfg: Initialisation of the stage. The extra normalisation layer
            starts as the identity.
        **res_layer: Other arguments of ``mmdet.ResLayer``, such as ``depth``
            and ``stride``.
    """

    def __init__(
        self,
        norm_cfg: dict,
        num_channels: int = 2048,
        init_cfg: dict | None = None,
        **res_layer: Any,
    ) -> None:
        super().__init__()
        # The checkpoint of a ResNet has all these weights, so they are a
        # module without the extra normalisation.
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
        """Map (R, C / 2, H, W) to (R, C, H / stride, W / stride)."""
        return self.norm(self.res5(x))
