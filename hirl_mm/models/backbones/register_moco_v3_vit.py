from mmpretrain.models.selfsup import MoCoV3ViT

from hirl_mm.registry import MODELS

from .register_vit import RegisterViT


@MODELS.register_module()
class RegisterMoCoV3ViT(MoCoV3ViT, RegisterViT):
    """MoCo v3's vision transformer with the parts of a RegisterViT.

    Args:
        **kwargs: Arguments of ``mmpretrain.MoCoV3ViT`` and
            :class:`RegisterViT`.

    Raises:
        ValueError: If stages shall be frozen; and from ``init_weights``, if a
            network with rotary positions does not start from loaded weights.
    """

    def init_weights(self) -> None:
        if self.rotary and not self.is_loaded:
            raise ValueError(
                'RegisterMoCoV3ViT with rotary=True starts from loaded '
                "weights, since MoCo v3's own initialisation sets position "
                'embeddings, which it does not have: give init_cfg=dict('
                "type='Pretrained', checkpoint=...), or use MoCoV3ViT"
            )
        super().init_weights()

    def _freeze_stages(self) -> None:
        if self.frozen_stages >= 0:
            raise ValueError(
                'RegisterMoCoV3ViT trains all stages, got frozen_stages='
                f'{self.frozen_stages}: use FrozenViT to evaluate'
            )
        super()._freeze_stages()
