from collections.abc import Sequence

from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor, nn

from hirl_mm.models.modules import (
    MomentumTeacher,
    check_num_views,
    done_share,
    momentum_at,
)

# A run with gradient accumulation moves the teacher every so many steps, but
# none accumulates this long.
_MOST_STEPS_WITHOUT_MOVING = 1000


class SelfDistillation(BaseSelfSupervisor):
    """Base of DINO and iBOT: a student and the teacher that follows it.

    The teacher is a moving average of backbone, neck and the head's last
    layer. It starts as a copy of the student and moves after every step of
    the optimizer, which
    :class:`~hirl_mm.engine.hooks.TeacherUpdateHook` sees to. It is the
    network that is evaluated: ``extract_feat`` is its backbone.

    Args:
        backbone: Config of the student's backbone.
        neck: Config of a :class:`~hirl_mm.models.necks.DINONeck`.
        head: Config of the head with ``last_layer`` and the loss.
        num_crops: Global and local views of an image. The teacher sees the
            global ones, which come first; the student sees all.
        base_momentum: Weight of the old teacher in the first step; it rises
            to 1 along a cosine.
        data_preprocessor: Of MMPreTrain.
        init_cfg: Initialisation of the parameters.

    Raises:
        ValueError: If there are fewer than 2 global views, or the parts do
            not fit each other.
    """

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
        if not 0 <= base_momentum <= 1:
            raise ValueError(
                f'base_momentum must lie in [0, 1], got {base_momentum}'
            )
        self._check_dims()
        self.num_crops = tuple(num_crops)
        self.base_momentum = base_momentum
        self.teacher = MomentumTeacher(self._student())
        self._steps_without_moving = 0

    def init_weights(self) -> None:
        """Initialise the student and copy it into the teacher."""
        super().init_weights()
        self.teacher.copy_student(self._student())

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Features of the teacher's backbone."""
        return self.teacher.backbone(inputs)

    def move_teacher(self) -> None:
        """Let the teacher follow the student, once per optimizer step."""
        momentum = momentum_at(done_share(), self.base_momentum)
        self.teacher.follow(self._student(), momentum)
        self._steps_without_moving = 0

    def check_step(self, inputs: Sequence[Tensor]) -> None:
        """See that a training step has its views and that the teacher moves.

        Raises:
            ValueError: If there are more or fewer views than ``num_crops``.
            RuntimeError: If the teacher has not moved for long.
        """
        check_num_views(inputs, self.num_crops)
        if self._steps_without_moving == _MOST_STEPS_WITHOUT_MOVING:
            raise RuntimeError(
                'the teacher has not moved for '
                f'{_MOST_STEPS_WITHOUT_MOVING} steps: add '
                "teacher=dict(type='hirl_mm.TeacherUpdateHook') to "
                'default_hooks of the config, or '
                'call move_teacher() after every optimizer step of a '
                'training loop of your own'
            )
        self._steps_without_moving += 1

    def _student(self) -> dict[str, nn.Module]:
        return dict(
            backbone=self.backbone,
            neck=self.neck,
            last_layer=self.head.last_layer,
        )

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
