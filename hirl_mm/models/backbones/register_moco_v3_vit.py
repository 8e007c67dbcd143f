from mmpretrain.models.selfsup import MoCoV3ViT

from hirl_mm.registry import MODELS

from .register_vit import RegisterViT


@MODELS.register_module()
class RegisterMoCoV3ViT(MoCoV3ViT, RegisterViT):
    """MoCo v3's vision transformer with the parts of a RegisterViT.

    With rotary positions it has the initialisation of a RegisterViT, because
    that of MoCo v3 sets position embeddings.

    Args:
        **kwargs: Arguments of ``mmpretrain.MoCoV3ViT`` and
            :class:`RegisterViT`.

    Raises:
        ValueError: If stages shall be frozen.
    """

    def init_weights(self) -> None:
        if self.rotary:
            RegisterViT.init_weights(self)
        else:
            super().init_weights()

    def _freeze_stages(self) -> None:
        if self.frozen_stages >= 0:
            raise ValueError(
                'RegisterMoCoV3ViT trains all stages, got frozen_stages='
                f'{self.frozen_stages}: use FrozenViT to evaluate'
            )
        super()._freeze_stages()
