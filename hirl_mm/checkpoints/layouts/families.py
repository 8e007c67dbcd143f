from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .beit import beit_names
from .names import Names
from .resnet import resnet_names
from .vit import vit_names


@dataclass(frozen=True)
class Family:
    """A kind of backbone, and how to know it by its keys.

    Attributes:
        name: For messages.
        theirs: A key that only it has in releases.
        ours: The same in MMPreTrain.
        names: State dict in either -> its names.
        heads: Beginnings of keys that are beside the backbone's in a network
            and no part of it: classifiers, projectors, mask tokens.
    """

    name: str
    theirs: str
    ours: str
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
# A BEiT has the keys of a ViT too, so it comes first.
FAMILIES = (RESNET, BEIT, VIT)
