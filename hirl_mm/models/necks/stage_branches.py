from collections.abc import Sequence

from mmengine.model import BaseModule
from mmpretrain.models.backbones.resnet import Bottleneck
from mmpretrain.models.necks import MoCoV2Neck
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class StageBranches(BaseModule):
    """Side branches that embed feature maps of a ResNet's inner stages.

    Section 3.3 of `CsMl <https://arxiv.org/abs/2012.02733>`_: a residual
    bottleneck of the stage's width (1x1, 3x3, 1x1, with a quarter of the
    channels inside), average pooling and two linear layers with ReLU between
    them, as wide as the stage. They are trained with the backbone and dropped
    afterwards.

    Args:
        stages: Numbers of the stages, counted from 1 as in ``layer1``.
        in_channels: Channels of every stage; a
            :class:`~hirl_mm.models.selfsup.CsMl` fills in those of its
            backbone.
        out_channels: Dimension of the embeddings.
        norm_cfg: Normalisation of the bottlenecks.
        init_cfg: Initialisation of convolutions and normalisation, by default
            that of a ResNet.

    Raises:
        ValueError: If there are no stages, a stage repeats, or there is not
            one number of channels per stage.
    """

    def __init__(
        self,
        stages: Sequence[int] = (2, 3),
        in_channels: Sequence[int] | None = None,
        out_channels: int = 128,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if init_cfg is None:
            init_cfg = [
                dict(type='Kaiming', layer=['Conv2d']),
                dict(type='Constant', val=1, layer=['_BatchNorm']),
            ]
        super().__init__(init_cfg)
        if not stages or len(set(stages)) < len(stages):
            raise ValueError(
                f'stages must be different numbers, at least one, got {stages}'
            )
        if in_channels is None or len(in_channels) != len(stages):
            raise ValueError(
                f'in_channels must hold the channels of each of the stages '
                f'{tuple(stages)}, got {in_channels}'
            )
        self.stages = tuple(stages)
        self.out_channels = out_channels
        self.blocks = nn.ModuleList(
            Bottleneck(
                channels, channels, norm_cfg=norm_cfg or dict(type='BN')
            )
            for channels in in_channels
        )
        self.mlps = nn.ModuleList(
            MoCoV2Neck(channels, channels, out_channels)
            for channels in in_channels
        )

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """Embed the feature maps of all stages.

        Args:
            maps: Output of every stage, (B, C_l, H_l, W_l).

        Returns:
            One embedding (B, ``out_channels``) per stage.
        """
        return [
            mlp((block(feature_map),))[0]
            for block, mlp, feature_map in zip(
                self.blocks, self.mlps, maps, strict=True
            )
        ]
