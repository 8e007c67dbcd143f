from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.checks.epochs import check_counts_epochs
from hirl_mm.engine.hooks.named_hook import NamedHook
from hirl_mm.engine.optimizers.optimizer_step import optimizer_with_plain_steps
from hirl_mm.models.selfsup import SelfDistillation
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class TeacherUpdateHook(NamedHook):
    """Update the teacher of DINO and iBOT after every optimizer step.

    The update is a hook of the optimizer itself. With gradient accumulation
    the teacher is updated once per optimizer step, not once per forward pass.
    If the loss scale overflows and the step is skipped, the update is
    skipped, too.

    Raises:
        TypeError: Before the first iteration, if the model has no teacher.
        ValueError: Before the first iteration, if the training loop does not
            count epochs, or a fused optimizer is used with a loss scale.
    """

    config_name = 'teacher'

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        if not isinstance(model, SelfDistillation):
            raise TypeError(
                'TeacherUpdateHook updates the teacher of DINOAlgorithm or '
                f'iBOTAlgorithm, but the model is a {type(model).__name__}: '
                'remove the hook or use one of these models'
            )
        check_counts_epochs(runner, "the teacher's temperature counts epochs")
        optimizer = optimizer_with_plain_steps(runner, 'TeacherUpdateHook')
        self._handle = optimizer.register_step_post_hook(
            lambda *_: model.move_teacher()
        )

    def after_train(self, runner: Runner) -> None:
        self._handle.remove()
