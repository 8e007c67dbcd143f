from typing import Any

from mmengine.model.weight_init import trunc_normal_
from torch import nn

from hirl_mm.registry import MODELS

from .register_vit import RegisterViT


@MODELS.register_module()
class DINOViT(RegisterViT):
    """MMPreTrain's vision transformer with DINO's initialisation.

    Without registers and rotary positions it has the state-dict keys of
    ``mmpretrain.VisionTransformer``, so its weights load into that class for
    downstream tasks. It differs in the initialisation alone: the weights of
    all linear layers and the class token are drawn from a truncated normal
    distribution with standard deviation 0.02, and the biases of linear layers
    are 0.

    Args:
        *args: Positional arguments of :class:`RegisterViT`.
        out_type: Kind of output, see ``VisionTransformer``. The default
            ``'raw'`` returns all tokens.
        **kwargs: Keyword arguments of :class:`RegisterViT`.
    """

    def __init__(
        self, *args: Any, out_type: str = 'raw', **kwargs: Any
    ) -> None:
        super().__init__(*args, out_type=out_type, **kwargs)

    def init_weights(self) -> None:
        super().init_weights()
        if self.is_loaded:
            return
        for module in self.modules():
            if isinstance(module, nn.Linear):
                trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        trunc_normal_(self.cls_token, std=0.02)
