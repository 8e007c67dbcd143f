from math import isqrt

import torch
from torch import Tensor

from .names import Names, count_of
from .vit_blocks import (
    BLOCK_MODULES,
    block_pairs,
    gated_pairs,
    hidden_width,
    is_gated,
    scale_pairs,
)

# timm -> MMPreTrain. DINO, iBOT, MoCo v3 and HIRL use timm's names.
_OUTER = {
    'patch_embed.proj': 'patch_embed.projection',
    'norm': 'ln1',
    'fc_norm': 'ln2',
}
_POSITIONS, _REGISTERS = 'pos_embed', 'register_tokens'


def module_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Map timm's names of a transformer's weights and biases to MMPreTrain's.

    A network has the norm of all tokens ('norm' in timm), the norm of their
    mean ('fc_norm'), or both.

    Args:
        state: State dict of the network with timm's or MMPreTrain's names.
    """
    outer = dict(_OUTER)
    if not {'fc_norm.weight', 'ln2.weight'} & state.keys():
        del outer['fc_norm']
    elif not {'norm.weight', 'ln1.weight'} & state.keys():
        del outer['norm']
    modules = outer | {
        f'{other}.{k}': f'{mmpretrain}.{v}'
        for other, mmpretrain in block_pairs(state).items()
        for k, v in BLOCK_MODULES.items()
    }
    return {
        f'{other}.{name}': f'{mmpretrain}.{name}'
        for other, mmpretrain in modules.items()
        for name in ('weight', 'bias')
    }


def vit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of a vision transformer in timm and MMPreTrain.

    The blocks may have a layer scale, as in DINOv2 and DeiT III, and a gated
    MLP, as in the largest network of DINOv2. There may be register tokens,
    and then rotary positions instead of learned ones, as in DINOv3.

    Args:
        state: State dict of the network with the names of either, without
            its head.
    """
    pairs = dict(cls_token='cls_token')
    if {'reg_token', _REGISTERS} & state.keys():
        pairs['reg_token'] = _REGISTERS
    if not is_rotary(state):
        pairs[_POSITIONS] = _POSITIONS
    pairs |= module_pairs(state)
    pairs = gated_pairs(state, pairs) | scale_pairs(state)
    biases = [v for v in pairs.values() if v.endswith('.attn.qkv.bias')]
    return Names(pairs, frozenset(biases))


def is_rotary(state: dict[str, Tensor]) -> bool:
    """Whether a ViT has rotary positions, as DINOv3.

    Args:
        state: State dict of the network with timm's or MMPreTrain's names.
    """
    registers = {'reg_token', _REGISTERS} & state.keys()
    return bool(registers) and _POSITIONS not in state


def with_timm_tokens(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name register tokens as timm, and give the class token a position.

    DINOv2's registers are ``register_tokens``, timm's ``reg_token``. Timm's
    ``no_embed_class`` and DeiT III add positions to the patches alone,
    (1, N, D). Zeros for the class token, (1, 1 + N, D), compute the same.

    Args:
        state: State dict of a ViT of timm or DINOv2.
    """
    state = dict(state)
    if _REGISTERS in state:
        state['reg_token'] = state.pop(_REGISTERS)
    positions = state.get(_POSITIONS)
    if positions is None or 'cls_token' not in state or positions.ndim != 3:
        return state
    cells = positions.shape[1]
    if isqrt(cells) ** 2 == cells:
        extra = torch.zeros_like(positions[:, :1])
        state[_POSITIONS] = torch.cat([extra, positions], dim=1)
    return state


def without_class_position(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add the position of the class token to the class token.

    The result is a network with positions of the patches alone, (1, N, D),
    as timm's with registers, with the same features.

    Args:
        state: State dict of a ViT with timm's names.
    """
    extra, patches = state[_POSITIONS][:, :1], state[_POSITIONS][:, 1:]
    token = state['cls_token'] + extra
    return state | {'cls_token': token, _POSITIONS: patches.clone()}


def vit_shape(state: dict[str, Tensor]) -> dict[str, int | bool]:
    """Read the architecture of a ViT or BEiT from the shapes of its weights.

    Args:
        state: State dict of the network with MMPreTrain's names.

    Returns:
        ``width`` (embedding dimension), ``depth`` (number of blocks),
        ``hidden`` (width of the MLP), ``channels`` (of the image), ``patch``
        and ``image`` (side in pixels; 0 with rotary positions, which fit any
        image), ``qkv_bias``, ``layer_scale`` (whether there is one),
        ``gated`` (whether the MLP is a SwiGLU; ``hidden`` is then what
        MMPreTrain calls ``feedforward_channels``), ``registers`` (number of
        register tokens) and ``rotary`` (whether positions are rotary).

    Raises:
        ValueError: If the image or the patches are not square.
    """
    width, channels, patch, other = state[
        'patch_embed.projection.weight'
    ].shape
    rotary = is_rotary(state)
    if rotary:
        side, square = 0, True
    elif 'pos_embed' in state:
        cells = state['pos_embed'].shape[1] - 1
        side = isqrt(cells)
        square = side**2 == cells
    else:
        # A row per offset between two cells, -(side - 1) to side - 1 in
        # each direction, and 3 rows of the class token.
        tables = [v for k, v in state.items() if k.endswith('_bias_table')]
        cells = tables[0].shape[0] - 3 if tables else 0
        side = (isqrt(cells) + 1) // 2
        square = (2 * side - 1) ** 2 == cells
    if not square or patch != other:
        raise ValueError(
            f'the position embeddings of this network with patches of {patch} '
            f'x {other} pixels do not belong to a square image with square '
            'patches and a class token, which other libraries expect'
        )
    return dict(
        width=width,
        depth=count_of(state, 'layers'),
        hidden=hidden_width(state),
        channels=channels,
        patch=patch,
        image=side * patch,
        qkv_bias='layers.0.attn.qkv.bias' in state
        or 'layers.0.attn.q_bias' in state,
        layer_scale='layers.0.attn.gamma1.weight' in state
        or 'layers.0.gamma_1' in state,
        gated=is_gated(state),
        registers=state[_REGISTERS].shape[1] if _REGISTERS in state else 0,
        rotary=rotary,
    )
