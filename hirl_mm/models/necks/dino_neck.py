from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINONeck(BaseModule):
    """The MLP of DINO's head: linear layers with GELU in between.

    Its output, before the normalisation and the last layer, is the 256-d
    bottleneck, z0 of HIRL-DINO and HIRL-iBOT.

    Args:
        in_channels: Dimension of the backbone's feature.
        hid_channels: Of the hidden layers.
        out_channels: Of the bottleneck.
        num_layers: Linear layers.
        init_cfg: Initialisation; that of the released code by default.

    Raises:
        ValueError: If there are fewer than 2 layers.
    """

    def __init__(
        self,
        in_channels: int,
        hid_channels: int = 2048,
        out_channels: int = 256,
        num_layers: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or dict(type='TruncNormal', layer='Linear', std=0.02, bias=0)
        )
        if num_layers < 2:
            raise ValueError(
                f'num_layers must be at least 2, got {num_layers}'
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        sizes = [in_channels, *[hid_channels] * (num_layers - 1)]
        layers = []
        for size, following in zip(sizes, sizes[1:], strict=False):
            layers += [nn.Linear(size, following), nn.GELU()]
        self.mlp = nn.Sequential(
            *layers, nn.Linear(hid_channels, out_channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to (..., D)."""
        return self.mlp(x)
