from torch import nn

from hirl_mm.models.modules import (
    MomentumTeacher,
    StartsAverages,
    done_share,
    momentum_at,
)

# With gradient accumulation, several steps pass between two updates of the
# teacher, but never this many.
_MAX_STEPS_WITHOUT_UPDATE = 1000


class MovesTeacher(StartsAverages):
    """Base class of methods with a momentum teacher.

    The teacher is a moving average of trained modules. It starts as a copy of
    them, also if a checkpoint holds the trained modules alone.
    :class:`~hirl_mm.engine.hooks.TeacherUpdateHook` updates it after every
    step of the optimizer.

    Attributes:
        teacher_name: Name of the submodule that is the teacher.
    """

    neck: nn.Module
    teacher_name = 'teacher'

    @property
    def has_teacher(self) -> bool:
        """Whether the model was built with a teacher."""
        return hasattr(self, self.teacher_name)

    def student(self) -> dict[str, nn.Module]:
        """Return the trained modules that the teacher averages, by name."""
        return dict(backbone=self.backbone, neck=self.neck)

    def start_teacher(
        self,
        momentum: float,
        final_momentum: float,
        *,
        own_statistics: bool = False,
    ) -> None:
        """Add the teacher, a copy of the student.

        Args:
            momentum: Weight of the old teacher in the first update.
            final_momentum: The weight at the end of the training, to which it
                moves along a cosine.
            own_statistics: See
                :class:`~hirl_mm.models.modules.MomentumTeacher`.

        Raises:
            ValueError: If a momentum is outside [0, 1].
        """
        for value in (momentum, final_momentum):
            if not 0 <= value <= 1:
                raise ValueError(
                    'the momentum of a teacher must lie in [0, 1], got '
                    f'{value}'
                )
        self._momenta = momentum, final_momentum
        teacher = MomentumTeacher(self.student(), own_statistics)
        self.add_module(self.teacher_name, teacher)
        self._steps_without_update = 0

    def move_teacher(self) -> None:
        """Update the teacher; call this once after each optimizer step."""
        momentum = momentum_at(done_share(), *self._momenta)
        teacher: MomentumTeacher = getattr(self, self.teacher_name)
        teacher.follow(self.student(), momentum)
        self._steps_without_update = 0

    def count_step(self) -> None:
        """Count a training step since the teacher's last update.

        Raises:
            RuntimeError: If the last 1000 steps did not update the teacher.
        """
        if self._steps_without_update == _MAX_STEPS_WITHOUT_UPDATE:
            raise RuntimeError(
                'the teacher has not been updated for '
                f'{_MAX_STEPS_WITHOUT_UPDATE} steps: add '
                "teacher=dict(type='hirl_mm.TeacherUpdateHook') to "
                'default_hooks, or call move_teacher() after every optimizer '
                'step of a training loop of your own'
            )
        self._steps_without_update += 1
