from typing import Any

from mmengine.model.weight_init import update_init_info

from hirl_mm.registry import WEIGHT_INITIALIZERS

from .loading import load_backbone


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class StrictPretrained:
    """Initialise a backbone from a checkpoint; raise if it does not fit.

    Replaces MMEngine's initializer of the same name, which loads the weights
    that match and skips the others. In a config:
    ``init_cfg=dict(type='Pretrained', _scope_='hirl_mm', checkpoint=FILE)``.

    Args:
        checkpoint: Path or address of the checkpoint file.
        prefix: Prefix of the backbone's keys in the file. None selects the
            evaluated network, see
            :func:`~hirl_mm.checkpoints.load_backbone`.
        trust: Whether to read a file that may run code, see
            :func:`~hirl_mm.checkpoints.read_checkpoint`. The option
            ``--trust-checkpoint`` of the tools sets it.
    """

    def __init__(
        self,
        checkpoint: str | None = None,
        prefix: str | None = None,
        trust: bool = False,
    ) -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix
        self.trust = trust

    def __call__(self, module: Any) -> None:
        """Load the checkpoint into a module.

        Raises:
            ValueError: If no checkpoint is given, it does not fit, or it
                needs ``trust``.
            OSError: If the file cannot be read.
        """
        load_backbone(module, self.checkpoint, self.prefix, self.trust)
        # After this call MMPreTrain's backbones initialise some of their
        # weights anew, unless init_cfg is one dict of type 'Pretrained'.
        module.init_cfg = dict(type='Pretrained', checkpoint=self.checkpoint)
        if hasattr(module, '_params_init_info'):
            update_init_info(
                module, f'{type(self).__name__}: {self.checkpoint}'
            )
