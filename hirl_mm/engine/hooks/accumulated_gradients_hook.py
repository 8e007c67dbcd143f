from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from hirl_mm.engine.runtime.accumulated_gradients import (
    gather_gradients,
    is_accumulating,
    restore_gradients,
)
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook

# Entry of checkpoints: the gradients, and the iteration after which they are.
_KEY = 'accumulated_gradients'


@HOOKS.register_module()
class AccumulatedGradientsHook(NamedHook):
    """Save the gradients that wait for an update, and resume with them.

    With ``optim_wrapper.accumulative_counts`` the weights are updated after
    some iterations, across the ends of epochs, too. MMEngine loses what has
    been accumulated when it resumes in between. Checkpoints of a
    :class:`~hirl_mm.engine.hooks.DurableCheckpointHook` then also hold the
    gradients, on several ranks their mean. They are used only at the
    iteration at which they were saved: a run that is resumed with another
    batch size begins to accumulate anew.
    """

    config_name = 'accumulated_gradients'

    def __init__(self) -> None:
        self._state: dict | None = None

    def gather_state(self, runner: Runner) -> None:
        self._state = None
        if is_accumulating(runner.optim_wrapper):
            self._state = dict(
                iter=runner.optim_wrapper.inner_count,
                gradients=gather_gradients(get_ori_model(runner.model)),
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._state is not None:
            checkpoint[_KEY], self._state = self._state, None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        state = checkpoint.pop(_KEY, None)
        self._state = state if runner._resume else None

    def before_train(self, runner: Runner) -> None:
        state, self._state = self._state, None
        if state is None or state['iter'] != runner.iter:
            return
        restore_gradients(get_ori_model(runner.model), state['gradients'])
        runner.logger.info(
            'the gradients that were accumulated before iteration '
            f'{runner.iter + 1} are those of the checkpoint'
        )
