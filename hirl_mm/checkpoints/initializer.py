from mmengine.model.weight_init import update_init_info
from torch import nn

from hirl_mm.registry import WEIGHT_INITIALIZERS

from .loading import load_backbone


@WEIGHT_INITIALIZERS.register_module(name='Pretrained')
class StrictPretrained:
    """Initialise a backbone from a checkpoint that has to fit it.

    Stands in for MMEngine's initializer of this name, which loads whatever
    matches. In a config: ``init_cfg=dict(type='Pretrained',
    _scope_='hirl_mm', checkpoint=FILE)``.

    Args:
        checkpoint: See :func:`~hirl_mm.checkpoints.load_backbone`.
        prefix: Likewise.
        trust: Likewise; ``--trust-checkpoint`` of the tools sets it.
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

    def __call__(self, module: nn.Module) -> None:
        """Load into a module.

        Raises:
            ValueError: If no checkpoint is given, or it does not fit or needs
                ``trust``.
            OSError: If it cannot be read.
        """
        load_backbone(module, self.checkpoint, self.prefix, self.trust)
        # MMPreTrain's backbones initialise parts of theirs after this call,
        # unless init_cfg is a single dictionary that says 'Pretrained'.
        module.init_cfg = dict(type='Pretrained', checkpoint=self.checkpoint)
        if hasattr(module, '_params_init_info'):
            update_init_info(
                module, f'{type(self).__name__}: {self.checkpoint}'
            )
