from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class FourScaleNeck(BaseModule):
    """Four scales out of four maps of a vision transformer.

    The maps all have a pixel per patch. For patches of 16 pixels they become
    maps of stride 4 (two transposed convolutions with normalisation and GELU
    between), 8 (one), 16 (as it is) and 32 (max pooling), as in the detectors
    of iBOT and `HIRL <https://arxiv.org/abs/2205.13159>`_. An FPN follows:
    ``neck=[dict(type='hirl_mm.FourScaleNeck', ...), dict(type='FPN', ...)]``.
    Pooling rounds up, so that no border of an image is without a pixel.

    Args:
        in_channels: C.
        norm_cfg: Of the normalisation.
        init_cfg: Of MMEngine.
    """

    def __init__(
        self,
        in_channels: int,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='SyncBN')

        def doubled() -> nn.Module:
            return nn.ConvTranspose2d(in_channels, in_channels, 2, stride=2)

        self.scales = nn.ModuleList(
            [
                nn.Sequential(
                    doubled(),
                    build_norm_layer(norm_cfg, in_channels),
                    nn.GELU(),
                    doubled(),
                ),
                doubled(),
                nn.Identity(),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
        )

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Four maps (B, C, H, W) to (B, C, 4 H, 4 W) ... (B, C, H/2, W/2).

        Raises:
            ValueError: If there are more or fewer maps.
        """
        if len(maps) != len(self.scales):
            raise ValueError(
                f'{len(self.scales)} maps are needed, got {len(maps)}: name '
                f'{len(self.scales)} blocks in out_indices of the backbone'
            )
        return tuple(
            scale(map_) for scale, map_ in zip(self.scales, maps, strict=True)
        )
