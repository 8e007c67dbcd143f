from mmpretrain.models.backbones import VisionTransformer

from hirl_mm.registry import MODELS


@MODELS.register_module()
class FrozenViT(VisionTransformer):
    """MMPreTrain's vision transformer whose frozen stages do not train.

    ``frozen_stages`` of ``VisionTransformer`` keeps the weights, but the
    layers follow ``model.train()`` and drop paths at random. Here they stay
    in evaluation mode, as those of MMPreTrain's ResNet do.
    """

    def train(self, mode: bool = True) -> 'FrozenViT':
        super().train(mode)
        if self.frozen_stages > 0:
            self._freeze_stages()
        return self
