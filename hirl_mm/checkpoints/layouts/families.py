from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .beit import beit_names
from .names import Names
from .resnet import resnet_names
from .vit import vit_names


@dataclass(frozen=True)
class Family:
    """A kind of backbone, and how to recognise it by its keys.

    Attributes:
        name: Name for messages.
        release_key: A key that identifies it in released checkpoints.
        mmpretrain_key: The same key with MMPreTrain's names.
        names: Function that returns the names of a state dict's tensors in
            releases and in MMPreTrain.
        heads: Prefixes of the keys of a network that are not part of its
            backbone: classifiers, projectors, mask tokens.
    """

    name: str
    release_key: str
    mmpretrain_key: str
    names: Callable[[dict[str, Tensor]], Names]
    heads: tuple[str, ...]


RESNET = Family(
    'ResNet',
    'layer1.0.conv1.weight',
    'layer1.0.conv1.weight',
    resnet_names,
    ('fc.', 'projection_head.', 'prototypes.'),
)
BEIT = Family(
    'BEiT',
    'blocks.0.attn.q_bias',
    'layers.0.attn.q_bias',
    beit_names,
    ('head.', 'lm_head.', 'mask_token'),
)
VIT = Family(
    'ViT',
    'blocks.0.attn.qkv.weight',
    'layers.0.attn.qkv.weight',
    vit_names,
    ('head.', 'masked_embed', 'mask_token'),
)
# BEiT stands before ViT because it also has the key of a ViT.
FAMILIES = (RESNET, BEIT, VIT)
