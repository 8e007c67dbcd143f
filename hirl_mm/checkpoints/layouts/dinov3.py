"""DINOv3's tensors in facebookresearch/dinov3, timm and MMPreTrain."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .joint_layers import join_layers, split_layers
from .vit import vit_names
from .vit_blocks import with_layer_scale

_REGISTERS = 'storage_tokens'
_PERIODS = 'rope_embed.periods'
_MASK = '.attn.qkv.bias_mask'
_BIAS = '.attn.qkv.bias'
_BASE = 100.0
# Released periods are rounded to bfloat16.
_TOLERANCE = 2.0**-7
# Layers of a gated MLP: of the authors, and of timm.
_GATED = (
    (('mlp.w1', 'mlp.w2'), 'mlp.w12'),
    (('mlp.fc1_g', 'mlp.fc1_x'), 'mlp.fc1'),
)


def is_dinov3(state: dict[str, Tensor]) -> bool:
    """Whether a released network is a DINOv3.

    It has register tokens and no position embeddings.

    Args:
        state: State dict of the network with the names of a release.
    """
    registers = {'reg_token', _REGISTERS} & state.keys()
    block = 'blocks.0.attn.qkv.weight' in state
    return block and bool(registers) and 'pos_embed' not in state


def dinov3_heads(state: Mapping[str, Tensor]) -> int | None:
    """Return the number of attention heads, if the file shows it.

    There is a period for every four channels of a head.

    Args:
        state: State dict of the network with the names of a release.
    """
    if _PERIODS not in state:
        return None
    return state['cls_token'].shape[-1] // (4 * len(state[_PERIODS]))


def with_joint_layers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rewrite a released DINOv3 with the layers of timm's plain ViT.

    Drops the periods of the rotary positions and the masks of the biases,
    after checking that they are those of all released networks; joins the
    two layers of gated MLPs; makes biases of keys 0, as the masks and timm
    do.

    Args:
        state: State dict of the network with the names of
            facebookresearch/dinov3 or timm.

    Raises:
        ValueError: If periods or masks are others, or one of two layers is
            missing.
    """
    state = _without_constants(state)
    if _REGISTERS in state:
        state['reg_token'] = state.pop(_REGISTERS)
    for parts, joint in _GATED:
        state = join_layers(state, parts, joint)
    for key in [k for k in state if k.endswith('.attn.q_bias')]:
        block = key.removesuffix('.attn.q_bias')
        queries = state.pop(key)
        values = state.pop(f'{block}.attn.v_bias', None)
        if values is None:
            raise ValueError(
                f'1 tensors of the backbone are missing: {block}.attn.v_bias.'
                ' The file is cut short, or holds a different network'
            )
        keys = torch.zeros_like(queries)
        state[f'{block}{_BIAS}'] = torch.cat([queries, keys, values])
    return with_zero_key_biases(state)


def with_zero_key_biases(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Set the part of the keys of joint biases, (3 D,), to 0.

    Args:
        state: State dict with the names of timm or MMPreTrain.
    """
    changed = dict(state)
    for key, value in state.items():
        if key.endswith(_BIAS):
            queries, keys, values = value.chunk(3)
            zeros = torch.zeros_like(keys)
            changed[key] = torch.cat([queries, zeros, values])
    return changed


def timm_dinov3(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Convert a DINOv3 to the tensors of timm's ``Eva``, with layer scale.

    Args:
        state: State dict of the network with MMPreTrain's names.
    """
    gated = 'layers.0.ffn.w12.weight' in state
    state = with_layer_scale(state)
    state = vit_names(state).from_mmpretrain(state)
    if gated:
        state = split_layers(state, *_GATED[1])
    changed = {}
    for key, value in state.items():
        if key.endswith(_BIAS):
            queries, _, values = value.chunk(3)
            start = key.removesuffix('qkv.bias')
            changed[f'{start}q_bias'] = queries.clone()
            changed[f'{start}v_bias'] = values.clone()
        else:
            key = key.replace('.ls1.gamma', '.gamma_1')
            changed[key.replace('.ls2.gamma', '.gamma_2')] = value
    return changed


def _without_constants(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drop periods and masks; raise if they are not those of DINOv3."""
    kept = {}
    for key, value in state.items():
        if key == _PERIODS:
            _check_periods(value)
        elif key.endswith(_MASK):
            _check_mask(key, value)
        else:
            kept[key] = value
    return kept


def _check_periods(periods: Tensor) -> None:
    count = len(periods)
    expected = _BASE ** (torch.arange(count, dtype=torch.float64) / count)
    off = (periods.double().cpu() / expected - 1).abs().max()
    if not off <= _TOLERANCE:
        raise ValueError(
            f'the periods of its rotary positions ({_PERIODS}, '
            f'{periods.flatten()[:3].tolist()} ...) are not those of DINOv3, '
            f'100^(k / {count}): its features would change. Use a DINOv3 as '
            'released'
        )


def _check_mask(key: str, mask: Tensor) -> None:
    queries, keys, values = mask.float().chunk(3)
    if not ((queries == 1).all() and (values == 1).all()) or keys.any():
        raise ValueError(
            f'{key} masks other biases than those of the keys, as the '
            'released networks of DINOv3 do: its features would change'
        )
