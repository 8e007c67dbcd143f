from mmengine.runner import Runner

from hirl_mm.engine.checks.steps import check_steps
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class StartCheckHook(NamedHook):
    """Check before the first iteration that every step can run.

    ``tools/train.py`` makes the same checks earlier, before the schedules are
    built.

    Raises:
        StartError: Before the first iteration, if the training has no step,
            or a batch does not fit the model: the queue of MoCo, batch
            normalisation of one image, missing views.
    """

    config_name = 'start_check'
    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        check_steps(runner)
