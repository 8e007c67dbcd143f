"""DINOv3's tensors in transformers and MMPreTrain."""

import torch
from torch import Tensor

from .joint_layers import join_layers, split_layers
from .names import Names, count_of

HUGGINGFACE_DINOV3_KEY = 'layer.0.attention.q_proj.weight'
_ATTENTION = (
    ('attention.q_proj', 'attention.k_proj', 'attention.v_proj'),
    'attention.qkv_proj',
)
_GATED = ('mlp.gate_proj', 'mlp.up_proj'), 'mlp.gate_up_proj'
_SINGLE = {
    'embeddings.cls_token': 'cls_token',
    'embeddings.register_tokens': 'register_tokens',
}
_MODULES = {
    'embeddings.patch_embeddings': 'patch_embed.projection',
    'norm': 'ln1',
}
_BLOCK = {
    'norm1': 'ln1',
    'norm2': 'ln2',
    'attention.qkv_proj': 'attn.qkv',
    'attention.o_proj': 'attn.proj',
}
_PLAIN_MLP = {'mlp.up_proj': 'ffn.layers.0.0', 'mlp.down_proj': 'ffn.layers.1'}
_GATED_MLP = {'mlp.gate_up_proj': 'ffn.w12', 'mlp.down_proj': 'ffn.w3'}
_SCALES = {
    'layer_scale1.lambda1': 'attn.gamma1.weight',
    'layer_scale2.lambda1': 'ffn.gamma2.weight',
}


def huggingface_dinov3_names(state: dict[str, Tensor]) -> Names:
    """Return the names of ``DINOv3ViTModel`` and MMPreTrain.

    Projections and the layers of gated MLPs are joined, see
    :func:`join_dinov3`.

    Args:
        state: State dict of the network with the names of either.
    """
    gated = any('mlp.gate_up_proj.' in k or '.ffn.w12.' in k for k in state)
    block = _BLOCK | (_GATED_MLP if gated else _PLAIN_MLP)
    modules, single = dict(_MODULES), dict(_SINGLE)
    depth = max(count_of(state, 'layer'), count_of(state, 'layers'))
    for i in range(depth):
        theirs, own = f'layer.{i}', f'layers.{i}'
        modules |= {f'{theirs}.{k}': f'{own}.{v}' for k, v in block.items()}
        single |= {f'{theirs}.{k}': f'{own}.{v}' for k, v in _SCALES.items()}
    pairs = single | {
        f'{theirs}.{kind}': f'{own}.{kind}'
        for theirs, own in modules.items()
        for kind in ('weight', 'bias')
    }
    biases = [v for v in pairs.values() if v.endswith('.attn.qkv.bias')]
    return Names(pairs, frozenset(biases))


def join_dinov3(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Join projections and gated layers of ``DINOv3ViTModel``.

    Args:
        state: State dict with the names of transformers.

    Raises:
        ValueError: If one of the layers is missing, or keys have a bias.
    """
    state = dict(state)
    for key in [k for k in state if k.endswith('.attention.q_proj.bias')]:
        keys = key.replace('.q_proj.', '.k_proj.')
        if state.setdefault(keys, torch.zeros_like(state[key])).any():
            raise ValueError(
                f'the keys of its attention have a bias ({keys}), which the '
                'networks of DINOv3 do not have: its features would change'
            )
    state = join_layers(state, *_ATTENTION)
    if any('.mlp.gate_proj.' in key for key in state):
        state = join_layers(state, *_GATED)
    return state


def split_dinov3(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Split joint layers into those of ``DINOv3ViTModel``.

    The inverse of :func:`join_dinov3`; keys get no bias.
    """
    state = split_layers(split_layers(state, *_ATTENTION), *_GATED)
    return {k: v for k, v in state.items() if not k.endswith('.k_proj.bias')}
