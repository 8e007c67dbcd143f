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
    """

    def __init__(
        self, checkpoint: str | None = None, prefix: str | None = None
    ) -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix

    def __call__(self, module: nn.Module) -> None:
        """Load into a module.

        Raises:
            ValueError: If the checkpoint does not fit, or none is given.
            OSError: If it cannot be read.
        """
        load_backbone(module, self.checkpoint, self.prefix)
        # MMPreTrain's backbones initialise parts of theirs after this call,
        # unless init_cfg is a single dictionary that says 'Pretrained'.
        module.init_cfg = dict(type='Pretrained', checkpoint=self.checkpoint)
        if hasattr(module, '_params_init_info'):
            update_init_info(
                module, f'{type(self).__name__}: {self.checkpoint}'
            )
