"""The paper's methods under HIRL: where each has its embedding."""

from mmpretrain.models.selfsup import BEiT, MoCo, MoCoV3, SimSiam
from torch import Tensor

from hirl_mm.registry import MODELS

from .dino import DINOAlgorithm
from .hirl import HIRLAlgorithm
from .ibot import iBOTAlgorithm


@MODELS.register_module()
class HIRLMoCo(HIRLAlgorithm, MoCo):
    """HIRL-MoCo v2; clusters the features of the key encoder."""

    momentum_module = 'encoder_k'


@MODELS.register_module()
class HIRLSimSiam(HIRLAlgorithm, SimSiam):
    """HIRL-SimSiam; clusters the features before the predictor."""


@MODELS.register_module()
class HIRLMoCoV3(HIRLAlgorithm, MoCoV3):
    """HIRL-MoCo v3; clusters the features of the momentum encoder."""

    momentum_module = 'momentum_encoder'


@MODELS.register_module()
class HIRLDINO(HIRLAlgorithm, DINOAlgorithm):
    """HIRL-DINO; clusters the teacher's bottleneck."""

    def extract_z0(self, inputs: Tensor) -> Tensor:
        return self.teacher.embed(inputs)


@MODELS.register_module()
class HIRLiBOT(HIRLAlgorithm, iBOTAlgorithm):
    """HIRL-iBOT; clusters the teacher's bottleneck of unmasked images.

    z0 is that of the student's global view 0, masked where its mask says.
    """

    def extract_z0(self, inputs: Tensor) -> Tensor:
        return self.teacher.embed(inputs)


@MODELS.register_module()
class HIRLBEiT(HIRLAlgorithm, BEiT):
    """HIRL-BEiT; z0 is the class token after the last LayerNorm.

    As in the released code, the loss reads it from the masked training view,
    and what is clustered comes from the same network without a mask.

    Raises:
        ValueError: If the backbone returns several blocks, as for BEiT v2.
    """

    z0_module = 'backbone'

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        indices = self.backbone.out_indices
        if len(indices) > 1:
            raise ValueError(
                'HIRLBEiT reads z0 from the last block alone, but the '
                f'backbone returns the blocks out_indices={indices}: leave '
                'out_indices at -1. BEiT v2 needs a class of its own whose '
                'extract_z0 and z0_module name the block'
            )
