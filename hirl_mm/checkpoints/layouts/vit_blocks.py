"""Names of the tensors of a vision transformer's blocks."""

from collections.abc import Iterable

import torch
from torch import Tensor

from .names import count_of

# timm -> MMPreTrain.
BLOCK_MODULES = {
    'norm1': 'ln1',
    'attn.qkv': 'attn.qkv',
    'attn.proj': 'attn.proj',
    'norm2': 'ln2',
    'mlp.fc1': 'ffn.layers.0.0',
    'mlp.fc2': 'ffn.layers.1',
}
# Layer scale of a block in timm and DINOv2, in DeiT III, and in MMPreTrain.
_SCALES = (
    ('ls1.gamma', 'ls2.gamma'),
    ('gamma_1', 'gamma_2'),
    ('attn.gamma1.weight', 'ffn.gamma2.weight'),
)
# Layers of a gated MLP (SwiGLU) in timm, in DINOv2, and in MMPreTrain.
_GATED = (
    ('mlp.fc1', 'mlp.fc2'),
    ('mlp.w12', 'mlp.w3'),
    ('ffn.w12', 'ffn.w3'),
)
_IN_TIMM = 'blocks.0.mlp.fc1.weight', 'blocks.0.mlp.fc2.weight'
# MMPreTrain takes 2/3 of feedforward_channels, up to a multiple of 8.
_GATED_STEP = 8


def block_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Map timm's prefix of every block in ``state`` to MMPreTrain's."""
    depth = max(count_of(state, 'blocks'), count_of(state, 'layers'))
    return {f'blocks.{i}': f'layers.{i}' for i in range(depth)}


def scale_pairs(state: dict[str, Tensor]) -> dict[str, str]:
    """Map the names of the layer scales to MMPreTrain's, if there are any.

    Args:
        state: State dict of the network with timm's, DINOv2's, DeiT III's or
            MMPreTrain's names.
    """
    scales = _spelling(state, _SCALES)
    if scales is None:
        return {}
    return {
        f'{other}.{theirs}': f'{mmpretrain}.{own}'
        for other, mmpretrain in block_pairs(state).items()
        for theirs, own in zip(scales, _SCALES[-1], strict=True)
    }


def with_layer_scale(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give blocks without a layer scale one of ones: the same features.

    Args:
        state: State dict of a ViT with MMPreTrain's names.
    """
    scaled = {}
    for own in block_pairs(state).values():
        bias = state[f'{own}.attn.proj.bias']
        for name in _SCALES[-1]:
            scaled[f'{own}.{name}'] = torch.ones_like(bias)
    return scaled | state


def is_gated(state: dict[str, Tensor]) -> bool:
    """Whether the MLPs of a ViT are gated (SwiGLU).

    Timm has the names of a plain MLP for a gated one; the first layer then
    has twice as many outputs as the second has inputs.
    """
    first, second = (state.get(name) for name in _IN_TIMM)
    if first is not None and second is not None:
        return first.shape[0] == 2 * second.shape[1]
    return any('.0.mlp.w12.' in key or '.0.ffn.w12.' in key for key in state)


def gated_pairs(
    state: dict[str, Tensor], pairs: dict[str, str]
) -> dict[str, str]:
    """Name the layers of gated MLPs instead of plain ones, if there are any.

    Args:
        state: State dict of the network with timm's, DINOv2's or MMPreTrain's
            names.
        pairs: Name in timm -> name in MMPreTrain, with plain MLPs.
    """
    if not is_gated(state):
        return pairs
    changed, layers = {}, _spelling(state, _GATED)
    plain = dict(zip(_GATED[0], _GATED[-1], strict=True))
    theirs = dict(zip(_GATED[0], layers or _GATED[0], strict=True))
    for other, mmpretrain in pairs.items():
        for name, own in plain.items():
            if f'.{name}.' in other:
                mmpretrain = mmpretrain.replace(BLOCK_MODULES[name], own)
                other = other.replace(name, theirs[name])
                break
        changed[other] = mmpretrain
    return changed


def _spelling(
    state: Iterable[str], spellings: tuple[tuple[str, str], ...]
) -> tuple[str, str] | None:
    """Return which names a network has; None for none of them.

    MMPreTrain's own names stand last: for these it is timm's, the first.
    """
    keys = list(state)
    for names in spellings:
        if any(f'.{name}' in key for key in keys for name in names):
            return spellings[0] if names == spellings[-1] else names
    return None


def hidden_width(state: dict[str, Tensor]) -> int:
    """Return MMPreTrain's ``feedforward_channels`` of a ViT or BEiT.

    Args:
        state: State dict of the network with MMPreTrain's names.

    Raises:
        ValueError: If MMPreTrain has no gated MLP of this width.
    """
    if not is_gated(state):
        return state['layers.0.ffn.layers.0.0.weight'].shape[0]
    width = state['layers.0.ffn.w3.weight'].shape[1]
    if width % _GATED_STEP:
        raise ValueError(
            f'the gated MLP of this network has {width} channels; '
            f"MMPreTrain's has a multiple of {_GATED_STEP}"
        )
    return width * 3 // 2
