from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpretrain.models.utils import build_norm_layer
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class FourScaleNeck(BaseModule):
    """Resize four feature maps of a vision transformer to four scales.

    All input maps have one pixel per patch. For patches of 16 pixels the
    outputs have stride 4 (two transposed convolutions with normalisation and
    GELU in between), 8 (one transposed convolution), 16 (unchanged) and 32
    (max pooling), as in the detectors of iBOT and `HIRL
    <https://arxiv.org/abs/2205.13159>`_. An FPN follows:
    ``neck=[dict(type='hirl_mm.FourScaleNeck', ...), dict(type='FPN', ...)]``.
    The pooling rounds sizes up, so that the border of an image is not cut
    off.

    Args:
        in_channels: Number of channels C of every map.
        norm_cfg: Config of the normalisation between the two transposed
            convolutions; None for SyncBN.
        input_norm_cfg: Config of a normalisation of every input map, such as
            ``dict(type='IN')``; None for none, as in the detectors of iBOT
            and HIRL. The maps of a short or small pre-training have a large
            part in common to all positions, in which the differences between
            positions drown; a normalisation over the positions of an image
            takes it out.
        init_cfg: Initialisation of the parameters.
    """

    def __init__(
        self,
        in_channels: int,
        norm_cfg: dict | None = None,
        input_norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='SyncBN')

        def upsampling() -> nn.Module:
            return nn.ConvTranspose2d(in_channels, in_channels, 2, stride=2)

        def input_norm() -> nn.Module:
            if input_norm_cfg is None:
                return nn.Identity()
            return build_norm_layer(input_norm_cfg, in_channels)

        self.input_norms = nn.ModuleList(input_norm() for _ in range(4))
        self.scales = nn.ModuleList(
            [
                nn.Sequential(
                    upsampling(),
                    build_norm_layer(norm_cfg, in_channels),
                    nn.GELU(),
                    upsampling(),
                ),
                upsampling(),
                nn.Identity(),
                nn.MaxPool2d(2, ceil_mode=True),
            ]
        )

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Resize four feature maps.

        Args:
            maps: Four tensors (B, C, H, W).

        Returns:
            Four tensors (B, C, 4 H, 4 W), (B, C, 2 H, 2 W), (B, C, H, W) and
            (B, C, H / 2, W / 2), the last size rounded up.

        Raises:
            ValueError: If the number of maps is not four.
        """
        if len(maps) != len(self.scales):
            raise ValueError(
                f'{len(self.scales)} maps are needed, got {len(maps)}: list '
                f'{len(self.scales)} blocks in out_indices of the backbone'
            )
        layers = zip(self.scales, self.input_norms, maps, strict=True)
        return tuple(scale(norm(map_)) for scale, norm, map_ in layers)
