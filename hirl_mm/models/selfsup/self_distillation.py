from collections.abc import Sequence

from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor, nn

from hirl_mm.models.heads import DINODistillHead
from hirl_mm.models.modules import MomentumTeacher, check_num_views
from hirl_mm.models.necks import DINONeck

from .moves_teacher import MovesTeacher


class SelfDistillation(MovesTeacher, BaseSelfSupervisor):
    """Base class of DINO and iBOT: a student and a momentum teacher.

    The teacher is a moving average of the student's backbone, neck and last
    layer. It is the network that is evaluated: ``extract_feat`` runs its
    backbone.

    Args:
        backbone: Config of the student's backbone.
        neck: Config of a :class:`~hirl_mm.models.necks.DINONeck`.
        head: Config of the head, which has the ``last_layer`` and the loss.
        num_crops: Numbers of global and of local views of an image. The
            teacher sees the global views, which come first; the student sees
            all views.
        base_momentum: Weight of the old teacher at the first update. It rises
            to 1 along a cosine.
        data_preprocessor: Config of MMPreTrain's data preprocessor.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If there are fewer than 2 global views, ``base_momentum``
            is outside [0, 1], or the dimensions of backbone, neck and head do
            not fit.
    """

    neck: DINONeck
    head: DINODistillHead
    teacher: MomentumTeacher

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        head: dict,
        num_crops: Sequence[int] = (2, 10),
        base_momentum: float = 0.996,
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
        if len(num_crops) != 2 or num_crops[0] < 2 or num_crops[1] < 0:
            raise ValueError(
                'num_crops must be the numbers of global views (at least 2) '
                f'and of local views, such as (2, 10), got {num_crops}'
            )
        self._check_dims()
        self.num_crops = tuple(num_crops)
        self.base_momentum = base_momentum
        self.start_teacher(base_momentum, final_momentum=1.0)

    def average_sources(self) -> dict[str, str]:
        return super().average_sources() | {
            'teacher.backbone.': 'backbone.',
            'teacher.neck.': 'neck.',
            'teacher.last_layer.': 'head.last_layer.',
        }

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the features of the teacher's backbone.

        Args:
            inputs: Images (B, 3, H, W).
        """
        return self.teacher.backbone(inputs)

    def student(self) -> dict[str, nn.Module]:
        return super().student() | dict(last_layer=self.head.last_layer)

    def check_step(self, inputs: Sequence[Tensor]) -> None:
        """Check the number of views and that the teacher is being updated.

        Args:
            inputs: The views of the step, a tensor (B, 3, H, W) each.

        Raises:
            ValueError: If the number of views is not the sum of
                ``num_crops``.
            RuntimeError: If the last 1000 steps did not update the teacher.
        """
        check_num_views(inputs, self.num_crops)
        self.count_step()

    def _check_dims(self) -> None:
        dims = getattr(self.backbone, 'embed_dims', self.neck.in_channels)
        if dims != self.neck.in_channels:
            raise ValueError(
                f'neck has in_channels={self.neck.in_channels}, but the '
                f'features of the backbone have {dims} dimensions'
            )
        if self.neck.out_channels != self.head.in_channels:
            raise ValueError(
                f'head has in_channels={self.head.in_channels}, but the neck '
                f'has out_channels={self.neck.out_channels}: make them equal'
            )
