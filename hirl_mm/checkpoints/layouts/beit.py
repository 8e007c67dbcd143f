from torch import Tensor

from .names import Names
from .vit import module_pairs
from .vit_blocks import block_pairs

_BLOCK_TENSORS = ('gamma_1', 'gamma_2', 'attn.q_bias', 'attn.v_bias')
_JOINT_BIAS = '.attn.qkv.bias'
_POSITIONS = ('relative_position_bias_table', 'relative_position_index')
SHARED = 'rel_pos_bias'


def beit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of a BEiT in microsoft/unilm, timm and MMPreTrain.

    Relative position biases are either shared by all blocks, as in
    pre-training, or stored in each block, as after fine-tuning. Either all
    blocks have a layer scale, or none has.

    Args:
        state: State dict of the network with the names of any of the three,
            without its head.
    """
    pairs, optional = {'cls_token': 'cls_token'}, ['pos_embed']
    pairs |= {
        other: mmpretrain
        for other, mmpretrain in module_pairs(state).items()
        if not mmpretrain.endswith('.attn.qkv.bias')
    }
    scaled = any(key.endswith('.gamma_1') for key in state)
    for other, mmpretrain in block_pairs(state).items():
        for name in _BLOCK_TENSORS if scaled else _BLOCK_TENSORS[2:]:
            pairs[f'{other}.{name}'] = f'{mmpretrain}.{name}'
        for name in _POSITIONS:
            pairs[f'{other}.attn.{name}'] = f'{mmpretrain}.attn.{name}'
            optional.append(f'{mmpretrain}.attn.{name}')
    shared = [f'{SHARED}.{name}' for name in _POSITIONS]
    optional += shared
    pairs |= {name: name for name in ('pos_embed', *shared)}
    return Names(pairs, frozenset(optional))


def is_beit(state: dict[str, Tensor]) -> bool:
    """Whether a released network is a BEiT and not a plain ViT.

    A BEiT has relative position biases, or biases of queries and values
    without one of keys. HIRL's code has the former only. It has no register
    tokens; timm's DINOv3 has, beside such biases.

    Args:
        state: State dict of the network with the names of a release.
    """
    network = 'blocks.0.attn.qkv.weight' in state and 'reg_token' not in state
    return network and any(
        key in state
        for key in (
            'blocks.0.attn.q_bias',
            f'blocks.0.attn.{_POSITIONS[0]}',
            f'{SHARED}.{_POSITIONS[0]}',
        )
    )


def without_key_biases(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Split the joint biases of a BEiT, and leave out those of the keys.

    HIRL's code has one ``attn.qkv.bias`` (3 D,) per block, where BEiT has
    ``q_bias`` and ``v_bias`` (D,) and no bias of the keys. A bias b of the
    keys adds q . b to all scores of a query q. The softmax over these scores
    does not change when all of them change by the same amount, so the output
    is the same without b.

    Args:
        state: State dict of the network with the names of a release.

    Returns:
        The state dict with BEiT's biases.
    """
    split = {}
    for key, value in state.items():
        if not key.endswith(_JOINT_BIAS):
            split[key] = value
            continue
        block = key.removesuffix(_JOINT_BIAS)
        queries, _, values = value.chunk(3)
        split[f'{block}.attn.q_bias'] = queries.clone()
        split[f'{block}.attn.v_bias'] = values.clone()
    return split


def unshare_position_biases(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copy the shared relative position biases of a BEiT to every block.

    Indices of positions are left out, because every library computes them.

    Args:
        state: State dict of a BEiT with MMPreTrain's names.
    """
    table = state.get(f'{SHARED}.{_POSITIONS[0]}')
    state = {
        key: value
        for key, value in state.items()
        if not key.startswith(SHARED) and not key.endswith(_POSITIONS[1])
    }
    if table is not None:
        for block in block_pairs(state).values():
            state[f'{block}.attn.{_POSITIONS[0]}'] = table.clone()
    return state
