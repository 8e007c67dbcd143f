from torch import Tensor

from .names import Names
from .vit import block_pairs, module_pairs

_BLOCK_TENSORS = ('gamma_1', 'gamma_2', 'attn.q_bias', 'attn.v_bias')
_POSITIONS = ('relative_position_bias_table', 'relative_position_index')
SHARED = 'rel_pos_bias'


def beit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of a BEiT in microsoft/unilm, timm and MMPreTrain.

    Relative position biases are either shared by all blocks, as in
    pre-training, or stored in each block, as after fine-tuning.

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
    for other, mmpretrain in block_pairs(state).items():
        for name in _BLOCK_TENSORS:
            pairs[f'{other}.{name}'] = f'{mmpretrain}.{name}'
        for name in _POSITIONS:
            pairs[f'{other}.attn.{name}'] = f'{mmpretrain}.attn.{name}'
            optional.append(f'{mmpretrain}.attn.{name}')
    shared = [f'{SHARED}.{name}' for name in _POSITIONS]
    optional += shared
    pairs |= {name: name for name in ('pos_embed', *shared)}
    return Names(pairs, frozenset(optional))


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
