"""The paper's methods under HIRL: where each has its embedding."""

import torch
from mmpretrain.models.selfsup import MoCo, MoCoV3, SimSiam, SwAV
from torch import Tensor

from hirl_mm.models.utils import FirstOutput
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
class HIRLSwAV(HIRLAlgorithm, SwAV):
    """HIRL-SwAV; clusters the projections before they get unit length.

    An image is assigned anew in every step, to the prototype nearest by
    cosine to the embedding of view 1, as in the released code. That runs the
    encoder a second time for it; here it is a row of the same forward pass.
    """

    z0_module = 'neck.projection_neck'

    def extract_z0(self, inputs: Tensor) -> Tensor:
        with FirstOutput(self, self.z0_module) as tap:
            self.neck([self.extract_feat(inputs)])
        return tap.output

    def assign(self, embeddings: Tensor, sample_idx: Tensor) -> Tensor:
        batch_size = len(sample_idx)
        view_1 = embeddings[batch_size : 2 * batch_size]
        with torch.autocast(view_1.device.type, enabled=False):
            cosines = view_1.float() @ self.tree.centroids[0].T
        return cosines.argmax(1)


@MODELS.register_module()
class HIRLMoCoV3(HIRLAlgorithm, MoCoV3):
    """HIRL-MoCo v3; clusters the features of the momentum encoder."""

    momentum_module = 'momentum_encoder'
