from mmengine.model.weight_init import PretrainedInit, trunc_normal_
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

from hirl_mm.registry import MODELS


@MODELS.register_module()
class DINOViT(VisionTransformer):
    """MMPreTrain's vision transformer, initialised as DINO's.

    The keys of its state dict are those of ``mmpretrain.VisionTransformer``,
    into which its weights load for downstream tasks. There is one difference
    in training: linear layers start from a truncated normal distribution of
    width 0.02 with bias 0 throughout, and so does the class token.

    Args:
        *args: Of ``VisionTransformer``.
        out_type: As there; all tokens by default.
        **kwargs: Of ``VisionTransformer``.
    """

    def __init__(self, *args, out_type: str = 'raw', **kwargs) -> None:
        super().__init__(*args, out_type=out_type, **kwargs)

    def init_weights(self) -> None:
        init_cfg = self.init_cfg
        if isinstance(init_cfg, dict) and init_cfg['type'] is PretrainedInit:
            # MMPreTrain compares with the registered name alone, and would
            # initialise the position embeddings after loading them.
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
