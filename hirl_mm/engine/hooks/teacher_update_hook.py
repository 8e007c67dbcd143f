from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.engine.optimizers.optimizer_step import optimizer_with_plain_steps
from hirl_mm.models.selfsup import MovesTeacher, SelfDistillation
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class TeacherUpdateHook(NamedHook):
    """Update the teacher of a model after every optimizer step.

    The teacher is that of DINO or iBOT, or the target network of HCCL.

    The update is a hook of the optimizer itself. With gradient accumulation
    the teacher is updated once per optimizer step, not once per forward pass.
    If the loss scale overflows and the step is skipped, the update is
    skipped, too.

    Raises:
        TypeError: Before the first iteration, if the model has no teacher.
        ValueError: Before the first iteration, if the model is DINO or iBOT
            and the training loop does not count epochs, or a fused optimizer
            is used with a loss scale.
    """

    config_name = 'teacher'

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if not (isinstance(model, MovesTeacher) and model.has_teacher):
            raise TypeError(
                'TeacherUpdateHook updates the teacher of DINOAlgorithm or '
                'iBOTAlgorithm, or that of HCCL with a momentum, but the '
                f'model is a {type(model).__name__} without a teacher: remove '
                'the hook, set momentum of HCCL, or use one of these models'
            )
        if isinstance(model, SelfDistillation):
            check_counts_epochs(
                runner, "the teacher's temperature counts epochs"
            )
        optimizer = optimizer_with_plain_steps(runner, 'TeacherUpdateHook')
        self._handle = optimizer.register_step_post_hook(
            lambda *_: model.move_teacher()
        )

    def after_train(self, runner: Runner) -> None:
        self._handle.remove()
