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
