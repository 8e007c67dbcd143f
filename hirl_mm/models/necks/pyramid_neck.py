from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class PyramidNeck(BaseModule):
    """The projection heads of SS-PRL, one per scale, of the same shape.

    Args:
        projection: Config of the projection head of a scale, MMPreTrain's
            ``SwAVNeck``.
        num_scales: Number of scales, including scale 0.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If ``num_scales`` is less than 1.
    """

    def __init__(
        self,
        projection: dict,
        num_scales: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_scales < 1:
            raise ValueError(
                f'num_scales must be at least 1, got {num_scales}'
            )
        self.scales = nn.ModuleList(
            MODELS.build(projection) for _ in range(num_scales)
        )

    def forward(
        self, features: Sequence[Sequence[tuple[Tensor, ...]]]
    ) -> list[Tensor]:
        """Project the features of all scales.

        Args:
            features: For every scale, the backbone's outputs for its views:
                one tuple of feature maps per size of the views.

        Returns:
            One tensor (V_s * B, D) per scale, L2-normalised, in the order of
            the views.
        """
        return [
            projection(of_scale)
            for projection, of_scale in zip(self.scales, features, strict=True)
        ]
