from collections.abc import Callable
from dataclasses import dataclass, field, replace

from torch import Tensor

from ..backbone_facts import Facts
from .beit import beit_names, is_beit, without_key_biases
from .dinov3 import is_dinov3, with_joint_layers
from .huggingface_dinov3 import (
    HUGGINGFACE_DINOV3_KEY,
    huggingface_dinov3_names,
    join_dinov3,
)
from .huggingface_names import (
    DINOV2_KEY,
    RESNET_KEY,
    VIT_KEY,
    huggingface_dinov2_names,
    huggingface_resnet_names,
    huggingface_vit_names,
    join_projections,
    units_in,
)
from .names import Names
from .resnet import resnet_names
from .torchvision_vit import (
    TORCHVISION_KEY,
    torchvision_vit_names,
    with_new_names,
)
from .vit import vit_names, with_timm_tokens


@dataclass(frozen=True)
class Family:
    """A kind of backbone in one library, and how to recognise its keys.

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
    facts: Facts = field(default_factory=dict)


DINOV3_NORM_EPS = 1e-5
_TRANSFORMER: Facts = dict(norm_eps=[1e-6], activation=['GELU'])

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
    with_timm_tokens,
    facts=_TRANSFORMER,
)
# A ViT with other releases; in MMPreTrain a ViT like others.
DINOV3 = replace(
    VIT,
    is_in=is_dinov3,
    heads=(*VIT.heads, 'local_cls_norm.'),
    prepared=with_joint_layers,
    facts=_TRANSFORMER | dict(norm_eps=[DINOV3_NORM_EPS]),
)
# Each stands before those whose keys it also has. In releases, and here.
FAMILIES = (RESNET, DINOV3, BEIT, VIT)
OWN_FAMILIES = (RESNET, BEIT, VIT)


def _with_key(key: str) -> Callable[[dict[str, Tensor]], bool]:
    return lambda state: key in state


def _own(family: Family) -> Family:
    """Return the family with MMPreTrain's names instead of a release's."""

    def names(state: dict[str, Tensor]) -> Names:
        found = family.names(state)
        own = {name: name for name in found.mmpretrain.values()}
        return Names(own, found.optional)

    return replace(
        family,
        is_in=_with_key(family.mmpretrain_key),
        names=names,
        prepared=dict,
    )


def _of_transformers(
    key: str,
    like: Family,
    names: Callable[[dict[str, Tensor]], Names],
    *heads: str,
) -> Family:
    return replace(
        like,
        is_in=_with_key(key),
        names=names,
        heads=('pooler.', 'classifier.', 'embeddings.mask_token', *heads),
        prepared=join_projections,
    )


# Names of other libraries than timm; ResNets of torchvision and OpenMMLab
# have timm's.
TRANSFORMERS = (
    _of_transformers(
        RESNET_KEY,
        RESNET,
        lambda state: huggingface_resnet_names(units_in(state)),
    ),
    _of_transformers(DINOV2_KEY, VIT, huggingface_dinov2_names),
    _of_transformers(VIT_KEY, VIT, huggingface_vit_names, 'decoder.'),
    replace(
        _of_transformers(
            HUGGINGFACE_DINOV3_KEY, DINOV3, huggingface_dinov3_names
        ),
        prepared=join_dinov3,
    ),
)
TORCHVISION = (
    replace(
        VIT,
        is_in=_with_key(TORCHVISION_KEY),
        names=torchvision_vit_names,
        heads=('heads.',),
        prepared=with_new_names,
    ),
)
OPENMMLAB = (RESNET, _own(BEIT), _own(VIT))
