from mmengine.model.weight_init import PretrainedInit, trunc_normal_
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINOViT(VisionTransformer):
    """MMPreTrain's vision transformer with DINO's initialisation.

    It has the state-dict keys of ``mmpretrain.VisionTransformer``, so its
    weights load into that class for downstream tasks. It differs in the
    initialisation alone: the weights of all linear layers and the class token
    are drawn from a truncated normal distribution with standard deviation
    0.02, and the biases of linear layers are 0.

    Args:
        *args: Positional arguments of ``VisionTransformer``.
        out_type: Kind of output, see ``VisionTransformer``. The default
            ``'raw'`` returns all tokens.
        **kwargs: Keyword arguments of ``VisionTransformer``.
    """

    def __init__(self, *args, out_type: str = 'raw', **kwargs) -> None:
        super().__init__(*args, out_type=out_type, **kwargs)

    def init_weights(self) -> None:
        init_cfg = self.init_cfg
        if isinstance(init_cfg, dict) and init_cfg['type'] is PretrainedInit:
            # MMPreTrain compares the type with the registered name only. It
            # would overwrite the loaded position embeddings.
            self.init_cfg = dict(init_cfg, type='Pretrained')
        super().init_weights()
        if isinstance(self.init_cfg, dict) and (
            self.init_cfg['type'] == 'Pretrained'
        ):
            return
        for module in self.modules():
            if isinstance(module, nn.Linear):
                trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        trunc_normal_(self.cls_token, std=0.02)
