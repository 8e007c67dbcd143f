"""The paper's methods under HIRL: where each has its embedding."""

from mmpretrain.models.selfsup import MoCo, MoCoV3, SimSiam

from hirl_mm.registry import MODELS

from .hirl import HIRLAlgorithm


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
