from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINONeck(BaseModule):
    """The MLP of DINO's head: three linear layers with GELU in between.

    Its output is the bottleneck, before the normalisation and the last layer.
    HIRL-DINO and HIRL-iBOT use it as z0.

    Args:
        in_channels: Dimension C of the backbone's features.
        hid_channels: Dimension of the hidden layers.
        out_channels: Dimension D of the bottleneck.
        init_cfg: Initialisation of the parameters; None for that of the
            released code.
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
        """Map features (..., C) to bottlenecks (..., D)."""
        return self.mlp(x)
