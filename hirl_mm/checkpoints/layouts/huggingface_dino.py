"""Vision transformers for the classes of DINOv2 and DINOv3 in transformers.

These have a layer scale; a network without one gets ones, which compute the
same.
"""

import math

import torch
from torch import Tensor

from .huggingface_dinov3 import huggingface_dinov3_names, split_dinov3
from .huggingface_names import huggingface_dinov2_names, split_projections
from .vit import vit_shape
from .vit_blocks import with_layer_scale

_MASK = 'embeddings.mask_token'


def huggingface_dinov2(
    state: dict[str, Tensor], num_heads: int, layer_norm_eps: float
) -> tuple[dict[str, Tensor], dict]:
    """Convert a ViT to weights and config of ``transformers.Dinov2Model``.

    With register tokens it is ``Dinov2WithRegistersModel``. The mask token,
    which features do not contain, is 0.

    Args:
        state: State dict of a vision transformer with learned positions, with
            MMPreTrain's names.
        num_heads: Number of attention heads.
        layer_norm_eps: Epsilon of all layer norms.

    Returns:
        State dict and config; its ``architectures`` has the class.

    Raises:
        ValueError: If the network normalises the mean of its tokens.
    """
    _check_norm(state)
    state = with_layer_scale(state)
    shape, options = vit_shape(state), {}
    name, kind = 'Dinov2Model', 'dinov2'
    if shape['registers']:
        name, kind = 'Dinov2WithRegistersModel', 'dinov2_with_registers'
        options['num_register_tokens'] = shape['registers']
    config = dict(
        architectures=[name],
        model_type=kind,
        **_sizes(shape, num_heads, layer_norm_eps),
        mlp_ratio=_ratio(shape['hidden'], shape['width']),
        image_size=shape['image'],
        hidden_act='gelu',
        qkv_bias=shape['qkv_bias'],
        use_swiglu_ffn=shape['gated'],
        **options,
    )
    weights = huggingface_dinov2_names(state).from_mmpretrain(state)
    weights[_MASK] = torch.zeros(1, shape['width'])
    return split_projections(weights), config


def huggingface_dinov3(
    state: dict[str, Tensor], num_heads: int, layer_norm_eps: float
) -> tuple[dict[str, Tensor], dict]:
    """Convert a DINOv3 to weights and config of ``DINOv3ViTModel``.

    The model is part of transformers from version 4.56 on. The mask token,
    which features do not contain, is 0.

    Args:
        state: State dict of a network with rotary positions, with
            MMPreTrain's names.
        num_heads: Number of attention heads.
        layer_norm_eps: Epsilon of all layer norms.

    Returns:
        State dict and config.

    Raises:
        ValueError: If the network normalises the mean of its tokens.
    """
    _check_norm(state)
    state = with_layer_scale(state)
    shape = vit_shape(state)
    names = huggingface_dinov3_names(state)
    weights = split_dinov3(names.from_mmpretrain(state))
    weights[_MASK] = torch.zeros(1, 1, shape['width'])
    gated = shape['gated']
    down = weights['layer.0.mlp.down_proj.weight']
    config = dict(
        architectures=['DINOv3ViTModel'],
        model_type='dinov3_vit',
        **_sizes(shape, num_heads, layer_norm_eps),
        intermediate_size=down.shape[1],
        hidden_act='silu' if gated else 'gelu',
        use_gated_mlp=gated,
        query_bias=shape['qkv_bias'],
        key_bias=False,
        value_bias=shape['qkv_bias'],
        num_register_tokens=shape['registers'],
        rope_theta=100.0,
    )
    return weights, config


def _check_norm(state: dict[str, Tensor]) -> None:
    if 'ln2.weight' in state or 'ln1.weight' not in state:
        raise ValueError(
            "transformers' DINOv2 and DINOv3 normalise all tokens and not "
            'their mean, as this network does (ln2 of MMPreTrain, '
            "out_type='avg_featmap'): export it to timm"
        )


def _sizes(shape: dict, num_heads: int, layer_norm_eps: float) -> dict:
    return dict(
        hidden_size=shape['width'],
        num_hidden_layers=shape['depth'],
        num_attention_heads=num_heads,
        layer_norm_eps=layer_norm_eps,
        patch_size=shape['patch'],
        num_channels=shape['channels'],
    )


def _ratio(hidden: int, width: int) -> int | float:
    """Return a number whose product with the width is cut to ``hidden``."""
    ratio = hidden / width
    if int(width * ratio) < hidden:
        ratio = math.nextafter(ratio, math.inf)
    return int(ratio) if ratio.is_integer() else ratio
