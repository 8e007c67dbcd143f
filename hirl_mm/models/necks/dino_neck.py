from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINONeck(BaseModule):
    """The MLP of DINO's head: three linear layers with GELU in between.

    Its output, before the normalisation and the last layer, is the 256-d
    bottleneck, z0 of HIRL-DINO and HIRL-iBOT.

    Args:
        in_channels: Dimension of the backbone's feature.
        hid_channels: Of the hidden layers.
        out_channels: Of the bottleneck.
        init_cfg: Initialisation; that of the released code by default.
    """

    def __init__(
        self,
        in_channels: int,
        hid_channels: int = 2048,
        out_channels: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or dict(type='TruncNormal', layer='Linear', std=0.02, bias=0)
        )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.mlp = nn.Sequential(
            nn.Linear(in_channels, hid_channels),
            nn.GELU(),
            nn.Linear(hid_channels, hid_channels),
            nn.GELU(),
            nn.Linear(hid_channels, out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to (..., D)."""
        return self.mlp(x)
