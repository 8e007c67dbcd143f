from hirl_mm.registry import MODELS

from .register_vit import RegisterViT


@MODELS.register_module()
class FrozenViT(RegisterViT):
    """MMPreTrain's vision transformer with frozen stages in evaluation mode.

    ``frozen_stages`` of ``VisionTransformer`` freezes the weights, but
    ``model.train()`` still puts the frozen layers into training mode, in
    which stochastic depth drops paths at random. Here they stay in evaluation
    mode, like the frozen stages of MMPreTrain's ResNet.
    """

    def train(self, mode: bool = True) -> 'FrozenViT':
        super().train(mode)
        if self.frozen_stages > 0:
            self._freeze_stages()
        return self
