from typing import Any

import torch
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.models.heads import CrossLevelHead
from hirl_mm.models.modules import MomentumTeacher, check_least_views
from hirl_mm.models.necks import HierarchicalProjectionNeck
from hirl_mm.registry import MODELS

from .moves_teacher import MovesTeacher


@MODELS.register_module()
class HCCL(MovesTeacher, BaseSelfSupervisor):
    """Hierarchical cross contrastive learning.

    SimSiam with a projector of several levels: every level of one view
    predicts another level of the other view. With a momentum, the targets
    come from a moving average of backbone and neck, as in BYOL (appendix A.2
    of the paper); it normalises with the statistics of its own batches. The
    trained backbone is the one that is evaluated, with and without a
    momentum.

    The paper, *Hierarchical Cross Contrastive Learning of Visual
    Representations* (anonymous authors, under review), has no released code.

    Args:
        backbone: Config of the backbone.
        neck: Config of a
            :class:`~hirl_mm.models.necks.HierarchicalProjectionNeck`.
        head: Config of a :class:`~hirl_mm.models.heads.CrossLevelHead`.
        momentum: Weight of the old average in the first update of the target
            network; None for HCCL without a target network.
        final_momentum: The weight at the end of the training, to which it
            moves along a cosine; None for ``momentum``, a constant.
        data_preprocessor: Config of MMPreTrain's data preprocessor.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If a momentum is outside [0, 1], ``final_momentum`` is
            given alone, or sizes of backbone, neck and head do not fit.
    """

    neck: HierarchicalProjectionNeck
    head: CrossLevelHead
    target: MomentumTeacher
    teacher_name = 'target'

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        momentum: float | None = None,
        final_momentum: float | None = None,
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
        self._check_sizes()
        if momentum is not None:
            last = momentum if final_momentum is None else final_momentum
            self.start_teacher(momentum, last, own_statistics=True)
        elif final_momentum is not None:
            raise ValueError(
                f'final_momentum={final_momentum} without a momentum: set '
                'momentum, such as 0.996, for a target network'
            )

    def average_sources(self) -> dict[str, str]:
        sources = super().average_sources()
        if self.has_teacher:
            sources |= {
                'target.backbone.': 'backbone.',
                'target.neck.': 'neck.',
            }
        return sources

    def loss(
        self,
        inputs: list[Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, Tensor]:
        """Return the loss of a training step.

        Args:
            inputs: The views, a tensor (B, 3, H, W) each; the first two are
                used.
            data_samples: Not used.

        Returns:
            ``loss``, see :func:`~hirl_mm.losses.cross_level_loss`.

        Raises:
            ValueError: If there are fewer than 2 views.
            RuntimeError: If the target network is not being updated.
        """
        check_least_views(inputs, 2)
        views = inputs[:2]
        levels = tuple(self.neck(self.backbone(view)) for view in views)
        if not self.has_teacher:
            return self.head.loss(levels, levels)
        self.count_step()
        with torch.no_grad():
            targets = tuple(self.target(view) for view in views)
        return self.head.loss(levels, targets)

    def _check_sizes(self) -> None:
        neck, head = self.neck, self.head
        dim = getattr(self.backbone, 'feat_dim', neck.in_channels)
        if dim != neck.in_channels:
            raise ValueError(
                f'neck has in_channels={neck.in_channels}, but the features '
                f'of the backbone have {dim} dimensions'
            )
        if neck.out_channels != head.in_channels:
            raise ValueError(
                f'head has in_channels={head.in_channels}, but the neck has '
                f'out_channels={neck.out_channels}: make them equal'
            )
        if neck.num_levels != head.num_levels:
            raise ValueError(
                f'head has num_levels={head.num_levels}, but the neck has '
                f'num_levels={neck.num_levels}: make them equal'
            )
