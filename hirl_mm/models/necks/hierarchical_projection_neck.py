from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.heads import LevelProjections
from hirl_mm.models.modules import pooled
from hirl_mm.registry import MODELS


@MODELS.register_module()
class HierarchicalProjectionNeck(BaseModule):
    """The projector of HCCL: one deep MLP whose every few layers are a level.

    :class:`~hirl_mm.heads.LevelProjections` behind global average pooling.
    Its parameters are initialised like those of MMPreTrain's
    ``NonLinearNeck``: PyTorch's defaults.

    Args:
        in_channels: Dimension C of the backbone's features.
        hid_channels: Dimension of the hidden layers.
        out_channels: Dimension D of every level.
        num_levels: Number of levels n.
        num_layers: Linear layers of each level.
        norm_cfg: Normalisation of the hidden layers; None for SyncBN.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If ``num_levels`` or ``num_layers`` is too small.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hid_channels: int = 2048,
        out_channels: int = 2048,
        num_levels: int = 2,
        num_layers: int = 3,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        norm_cfg = norm_cfg or dict(type='SyncBN')

        def norm_layer(channels: int) -> nn.Module:
            return build_norm_layer(norm_cfg, channels)[1]

        self.in_channels = in_channels
        self.out_channels = out_channels
        self.num_levels = num_levels
        self.levels = LevelProjections(
            *(in_channels, hid_channels, out_channels),
            num_levels=num_levels,
            num_layers=num_layers,
            norm_layer=norm_layer,
        )

    def forward(self, x: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Project the features of a batch.

        Args:
            x: Features (B, C) or maps (B, C, H, W), or the backbone's tuple
                of them, whose last entry is used.

        Returns:
            n tensors (B, D), the lowest level first.
        """
        features = x if isinstance(x, Tensor) else x[-1]
        return self.levels(pooled(features))
