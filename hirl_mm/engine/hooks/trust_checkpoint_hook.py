from contextlib import ExitStack

from mmengine.hooks import Hook
from mmengine.runner import Runner

from hirl_mm.checkpoints.reader import weights_only_by_default
from hirl_mm.registry import HOOKS


@HOOKS.register_module()
class TrustCheckpointHook(Hook):
    """Let MMEngine load checkpoints that hold more than tensors.

    Such a file can run any code when it is read: use this hook only with
    files from a source that you trust. It works in every process of the run,
    but only while the model is initialised and the checkpoint of
    ``load_from`` or of a resumed run is read. The option
    ``--trust-checkpoint`` of the tools adds it. With MMEngine's own tools,
    add it in the config::

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
