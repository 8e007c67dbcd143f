from mmpretrain.structures import DataSample
from torch import Tensor

from hirl_mm.registry import MODELS

from .csml import CsMl
from .hirl import HIRLAlgorithm


@MODELS.register_module()
class HIRLCsMl(HIRLAlgorithm, CsMl):
    """HIRL-CsMl: anchors are also pulled to their paths in the tree.

    The tree is built from the features of the key encoder, as in HIRL-MoCo.
    Positives may come from the tree, too, see
    :class:`~hirl_mm.engine.hooks.TreePositivesHook`.
    """

    num_views = 2
    momentum_module = 'encoder_k'
    bank_module = 'own_keys'

    def loss(
        self, inputs: list[Tensor], data_samples: list[DataSample], **kwargs
    ) -> dict[str, Tensor]:
        anchors = data_samples[:: self.group_size]
        return super().loss(inputs, anchors, **kwargs)
