"""The methods of the paper with HIRL, and where they compute z0."""

from typing import Any

from mmpretrain.models.backbones import BEiTViT
from mmpretrain.models.selfsup import BEiT, MoCo, MoCoV3, SimSiam, SwAV
from torch import Tensor, nn

from hirl_mm.models.modules import FirstOutput, nearest_leaves
from hirl_mm.registry import MODELS

from .dino import DINOAlgorithm
from .hirl import HIRLAlgorithm
from .ibot import iBOTAlgorithm


@MODELS.register_module()
class HIRLMoCo(HIRLAlgorithm, MoCo):
    """HIRL-MoCo v2, which clusters the features of the key encoder.

    In a training step the key encoder sees shuffled images of all ranks. A
    bank therefore collects the keys when they enter the queue: there they
    belong to this rank's images (view 1), in the order of the samples, and
    are L2-normalised.
    """

    num_views = 2
    momentum_module = 'encoder_k'
    bank_module = 'own_keys'

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own_keys = nn.Identity()

    def _dequeue_and_enqueue(self, keys: Tensor) -> None:
        super()._dequeue_and_enqueue(self.own_keys(keys))


@MODELS.register_module()
class HIRLSimSiam(HIRLAlgorithm, SimSiam):
    """HIRL-SimSiam, which clusters the features before the predictor."""

    num_views = 2


@MODELS.register_module()
class HIRLSwAV(HIRLAlgorithm, SwAV):
    """HIRL-SwAV, which clusters the projections before they are normalised.

    As in the released code, every step assigns an image again, to the
    prototype with the largest cosine similarity to the embedding of view 1.
    The released code runs the encoder a second time for that embedding; this
    class takes it from the same forward pass.
    """

    neck: nn.Module
    z0_module = 'neck.projection_neck'
    bank_module = 'neck.projection_neck'

    def extract_z0(self, inputs: Tensor) -> Tensor:
        with FirstOutput(self, self.z0_module) as tap:
            self.neck([self.extract_feat(inputs)])
        return tap.output

    def assign(self, embeddings: Tensor, sample_idx: Tensor) -> Tensor:
        batch_size = len(sample_idx)
        view_1 = embeddings[batch_size : 2 * batch_size]
        assert self.tree is not None
        return nearest_leaves(view_1, self.tree)


@MODELS.register_module()
class HIRLMoCoV3(HIRLAlgorithm, MoCoV3):
    """HIRL-MoCo v3, which clusters the features of the momentum encoder."""

    num_views = 2
    momentum_module = 'momentum_encoder'


@MODELS.register_module()
class HIRLDINO(HIRLAlgorithm, DINOAlgorithm):
    """HIRL-DINO, which clusters the output of the teacher's bottleneck."""

    bank_module = 'teacher.neck'

    def extract_z0(self, inputs: Tensor) -> Tensor:
        return self.teacher(inputs)


@MODELS.register_module()
class HIRLiBOT(HIRLAlgorithm, iBOTAlgorithm):
    """HIRL-iBOT, which clusters the teacher's bottleneck of unmasked images.

    z0 is the student's bottleneck of global view 0, with masked patches.
    """

    bank_module = 'teacher.neck'

    def extract_z0(self, inputs: Tensor) -> Tensor:
        return self.teacher(inputs)


@MODELS.register_module()
class HIRLBEiT(HIRLAlgorithm, BEiT):
    """HIRL-BEiT, which takes the class token after the last LayerNorm as z0.

    As in the released code, the loss uses the class token of the masked
    training view, and the clustering uses that of the unmasked image from the
    same network.

    Raises:
        ValueError: If the backbone returns the output of several blocks, as
            in BEiT v2.
    """

    backbone: BEiTViT
    num_views = 2
    z0_module = 'backbone'

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        indices = self.backbone.out_indices
        if len(indices) > 1:
            raise ValueError(
                'HIRLBEiT reads z0 from the last block alone, but the '
                f'backbone returns the blocks out_indices={indices}: leave '
                'out_indices at -1. BEiT v2 needs a class of its own whose '
                'extract_z0 and z0_module name the block'
            )
