from torch import Tensor

from .names import Names
from .vit import block_pairs, module_pairs

_BLOCK_TENSORS = ('gamma_1', 'gamma_2', 'attn.q_bias', 'attn.v_bias')
_POSITIONS = ('relative_position_bias_table', 'relative_position_index')
SHARED = 'rel_pos_bias'


def beit_names(state: dict[str, Tensor]) -> Names:
    """The names of a BEiT in microsoft/unilm and timm -> MMPreTrain's.

    Biases of relative positions belong to all blocks together, as in
    pre-training, or to each block, as after fine-tuning.

    Args:
        state: The network in either, without its head.
    """
    pairs, optional = {'cls_token': 'cls_token'}, ['pos_embed']
    pairs |= {
        theirs: ours
        for theirs, ours in module_pairs(state).items()
        if not ours.endswith('.attn.qkv.bias')
    }
    for theirs, ours in block_pairs(state).items():
        for name in _BLOCK_TENSORS:
            pairs[f'{theirs}.{name}'] = f'{ours}.{name}'
        for name in _POSITIONS:
            pairs[f'{theirs}.attn.{name}'] = f'{ours}.attn.{name}'
            optional.append(f'{ours}.attn.{name}')
    shared = [f'{SHARED}.{name}' for name in _POSITIONS]
    optional += shared
    pairs |= {name: name for name in ('pos_embed', *shared)}
    return Names(pairs, frozenset(optional))


def unshared(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A BEiT, in MMPreTrain's names, with biases of every block's own.

    Indices of positions are left out: every library computes them.
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
