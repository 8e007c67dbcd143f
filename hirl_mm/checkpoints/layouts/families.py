from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from .beit import beit_names, is_beit, without_key_biases
from .names import Names
from .resnet import resnet_names
from .vit import vit_names


@dataclass(frozen=True)
class Family:
    """A kind of backbone, and how to recognise it by its keys.

    Attributes:
        name: Name for messages.
        is_in: Function that says whether a state dict with the names of a
            release is of this kind.
        mmpretrain_key: A key that identifies it with MMPreTrain's names.
        names: Function that returns the names of a state dict's tensors in
            releases and in MMPreTrain.
        heads: Prefixes of the keys of a network that are not part of its
            backbone: classifiers, projectors, mask tokens.
        prepared: Function that rewrites tensors of a release that MMPreTrain
            divides in another way, before they are renamed.
        facts: What all releases with their own code have in common, see
            :func:`~hirl_mm.checkpoints.backbone_facts.backbone_facts`.
    """

    name: str
    is_in: Callable[[dict[str, Tensor]], bool]
    mmpretrain_key: str
    names: Callable[[dict[str, Tensor]], Names]
    heads: tuple[str, ...]
    prepared: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict
    facts: dict[str, list] = field(default_factory=dict)


_TRANSFORMER = dict(norm_eps=[1e-6], activation=['GELU'])

RESNET = Family(
    'ResNet',
    lambda state: 'layer1.0.conv1.weight' in state,
    'layer1.0.conv1.weight',
    resnet_names,
    ('fc.', 'projection_head.', 'prototypes.'),
    facts=dict(norm_eps=[1e-5], activation=['ReLU'], style=['pytorch']),
)
BEIT = Family(
    'BEiT',
    is_beit,
    'layers.0.attn.q_bias',
    beit_names,
    ('head.', 'lm_head.', 'masked_embed', 'mask_token'),
    without_key_biases,
    facts=_TRANSFORMER,
)
VIT = Family(
    'ViT',
    lambda state: 'blocks.0.attn.qkv.weight' in state,
    'layers.0.attn.qkv.weight',
    vit_names,
    ('head.', 'masked_embed', 'mask_token'),
    facts=_TRANSFORMER,
)
# BEiT stands before ViT because it also has the keys of a ViT.
FAMILIES = (RESNET, BEIT, VIT)
