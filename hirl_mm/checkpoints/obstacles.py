"""Parts of networks that the backbones here lack, in plain words."""

import re
from collections.abc import Iterable

_PLAIN = 'use a ViT without them'
# What a key of a file shows -> what the network has, and what to use instead.
_PARTS = {
    r'(^|\.)(rope|rope_embed|rope_embeddings)\.': (
        'rotary position embeddings without the register tokens of DINOv3',
        'use a DINOv3 as released, or a network with learned positions',
    ),
    r'(^|\.)(dist_token|distillation_token)$': (
        'a distillation token',
        'use the DeiT that was trained without distillation',
    ),
    r'(^|\.)(norm_pre|pre_layrnorm|ln_pre)\.': (
        "a norm before the blocks, as CLIP's networks",
        'use a ViT of timm, DINO or DINOv2',
    ),
    r'\.attn\.(q_norm|k_norm)\.': ('norms of queries and keys', _PLAIN),
    r'\.attn\.(q|k)_proj\.': (
        'rotary positions and separate projections, as EVA-02',
        'use a DINOv3, DINOv2 or DINO',
    ),
    r'(^|\.)attn_pool\.': (
        'pooling by attention instead of a class token, as SigLIP',
        'use a ViT with a class token',
    ),
    r'(^|\.)(conv1\.\d|stem\.\d)\.': (
        'a stem of several convolutions, as ResNet-C and ResNet-D',
        'use a plain ResNet, such as resnet50 of torchvision or timm',
    ),
    r'layer\d\.\d+\.se(_module)?\.': (
        'squeeze-and-excitation layers',
        'use a plain ResNet, such as resnet50 of torchvision or timm',
    ),
    r'layer\d\.\d+\.conv2_offset\.': (
        'deformable convolutions',
        'use a detector with a plain ResNet',
    ),
}
# Networks of other kinds, by a key that only they have.
_NETWORKS = {
    r'(stages|downsample_layers)\.\d+.*(dwconv|conv_dw|depthwise|gamma)': (
        'ConvNeXt'
    ),
    r'layers\.\d+\.blocks\.\d+\.attn\.relative_position|'
    r'stages\.\d+\.blocks\.\d+\.attn\.w_msa|'
    r'layers\.\d+\.blocks\.\d+\.attention\.self\.relative': 'Swin Transformer',
    r'blocks\.\d+\.\d+\.(conv_pw|conv_dw|bn1)|features\.\d+\.\d+\.block': (
        'network of inverted bottlenecks (EfficientNet, MobileNet)'
    ),
    r'vision_model\.|(^|\.)visual\.(conv1|transformer)': 'model of CLIP',
    r'bottom_up\.|stem\.conv1\.norm': 'network of Detectron2',
}


def obstacles(keys: Iterable[str]) -> str:
    """Say which parts of a network the ViT and ResNet here lack.

    Args:
        keys: Keys of the file.

    Returns:
        Sentences that name the parts with the first key of each, and what can
        be used instead; '' if no such part is known.
    """
    keys, sentences = list(keys), []
    for pattern, (part, instead) in _PARTS.items():
        key = next((key for key in keys if re.search(pattern, key)), None)
        if key is not None:
            sentences.append(
                f'It has {part} ({key}), which the ViT and ResNet of '
                f'MMPreTrain and this project do not have: {instead}'
            )
    return '. '.join(sentences)


def other_network(keys: Iterable[str]) -> str:
    """Name the kind of network that keys show; '' if it is not known."""
    keys = list(keys)
    for pattern, name in _NETWORKS.items():
        if any(re.search(pattern, key) for key in keys):
            return (
                f'It looks like a {name}; this project trains ResNet, ViT and '
                'BEiT'
            )
    return ''
