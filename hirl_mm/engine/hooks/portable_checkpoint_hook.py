from mmengine.runner import Runner

from hirl_mm.checkpoints.backbone_facts import record_facts
from hirl_mm.checkpoints.portable import make_portable, restore_log
from hirl_mm.registry import HOOKS

from .named_hook import NamedHook


@HOOKS.register_module()
class PortableCheckpointHook(NamedHook):
    """Write checkpoints that any program can read and check.

    The files hold tensors and plain types only, so that
    ``torch.load(weights_only=True)`` reads them without this package, as
    PyTorch 2.6 and later do by default. A resumed run gets the log back as
    it was. ``meta['backbone']`` records facts about the backbone that its
    weights do not show, such as the number of attention heads, see
    :func:`~hirl_mm.checkpoints.backbone_facts.backbone_facts`.

    A run with any other hook of this package registers this hook by itself.
    """

    config_name = 'portable_checkpoint'
    # After all hooks that add to a checkpoint.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._reported = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        restore_log(checkpoint)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        record_facts(checkpoint['meta'], runner.model)
        others = make_portable(checkpoint)
        if others and not self._reported:
            self._reported = True
            runner.logger.warning(
                'checkpoints of this run hold more than tensors and plain '
                f'types: {", ".join(others[:5])}. Other programs load them '
                'only if they trust the file'
            )
