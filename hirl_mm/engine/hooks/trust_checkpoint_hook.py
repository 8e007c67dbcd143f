from contextlib import ExitStack

from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.checkpoints.reader import weights_only_by_default
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class TrustCheckpointHook(Hook):
    """Let MMEngine load checkpoints that hold more than tensors.

    Such a file can run any code when it is read: use this only with files
    from a source you trust. It holds in every process of the run, and only
    while the model is initialised and the checkpoint of ``load_from`` or a
    resumed run is read. ``--trust-checkpoint`` of the tools adds it; with
    MMEngine's own tools a config does::

        default_hooks = dict(
            trust_checkpoint=dict(type='hirl_mm.TrustCheckpointHook'))
    """

    def __init__(self) -> None:
        self._trusting = ExitStack()

    def before_run(self, runner: Runner) -> None:
        self._trusting.enter_context(weights_only_by_default(False))

    def before_train(self, runner: Runner) -> None:
        self._trusting.close()

    before_val = before_test = before_train
