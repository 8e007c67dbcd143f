from itertools import accumulate, pairwise
from typing import Any

from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.models.heads import PyramidHead
from hirl_mm.models.modules import batch_per_resolution
from hirl_mm.models.necks import PyramidNeck
from hirl_mm.registry import MODELS


@MODELS.register_module()
class SSPRL(BaseSelfSupervisor):
    """Self-supervised pyramid representation learning.

    SwAV on several scales: besides whole views, patches of the image have
    prototypes of their own, and predict those of the whole image. The views
    come from a :class:`~hirl_mm.datasets.transforms.PatchPyramid`. All scales
    share the backbone and nothing else. The views of one size on one scale
    are one batch of the backbone and of its batch normalisation.

    Hsieh et al., *Self-Supervised Pyramid Representation Learning for
    Multi-Label Visual Analysis and Beyond*, WACV 2023.

    Args:
        backbone: Config of the backbone.
        neck: Config of a :class:`~hirl_mm.models.necks.PyramidNeck`.
        head: Config of a :class:`~hirl_mm.models.heads.PyramidHead`.
        data_preprocessor: Config of MMPreTrain's data preprocessor.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If neck and head have different numbers of scales.
    """

    neck: PyramidNeck
    head: PyramidHead

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            backbone=backbone,
            neck=neck,
            head=head,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        if len(self.neck.scales) != self.head.num_scales:
            raise ValueError(
                f'the neck has num_scales={len(self.neck.scales)}, but the '
                f'head has prototypes for {self.head.num_scales} scales: make '
                'the numbers equal'
            )

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the losses of a training step.

        Args:
            inputs: The views of scale 0, then the patches of every other
                scale, those of the first group before those of the second; a
                tensor (B, 3, H, W) each.
            data_samples: Unused.
            **kwargs: Unused.

        Returns:
            See :meth:`hirl_mm.models.heads.PyramidHead.loss`.

        Raises:
            ValueError: If the data pipeline makes other views, see
                :meth:`views_of_scales`.
        """
        views = self.views_of_scales(inputs)
        features = [
            [self.backbone(batch) for batch in batch_per_resolution(of_scale)]
            for of_scale in views
        ]
        return self.head.loss(self.neck(features))

    def views_of_scales(self, inputs: list[Tensor]) -> list[list[Tensor]]:
        """Split the views of a batch into those of every scale.

        Args:
            inputs: See :meth:`loss`; also the views (3, H, W) of an image.

        Returns:
            One list of views for every scale.

        Raises:
            ValueError: If the data pipeline makes another number of views, or
                the patches of a scale have several sizes.
        """
        num_views = self.head.num_views
        if len(inputs) != sum(num_views):
            head = self.head
            raise ValueError(
                f'the head has num_crops={head.num_crops} and num_patches='
                f'{head.num_patches}, {sum(num_views)} views of an image in '
                f'two groups, but the data pipeline makes {len(inputs)}: use '
                f'PatchPyramid with num_views={list(head.num_crops)} and one '
                'of scales for every number of patches, a grid with so many '
                'cells'
            )
        ends = accumulate(num_views, initial=0)
        views = [inputs[start:end] for start, end in pairwise(ends)]
        for scale, patches in enumerate(views[1:], 1):
            sizes = sorted({tuple(patch.shape[-2:]) for patch in patches})
            if len(sizes) > 1:
                raise ValueError(
                    'the patches of a scale have one size, but those of scale '
                    f'{scale} have {" and ".join(map(str, sizes))} pixels: '
                    'PatchPyramid needs grids in the order of num_patches='
                    f'{self.head.num_patches}'
                )
        return views
