"""Names of the tensors of transformers' networks and MMPreTrain's."""

import re

from torch import Tensor

from .joint_layers import join_layers, split_layers
from .names import Names, count_of
from .resnet import BATCH_COUNT, NORM_TENSORS, Unit

_ATTENTION = 'attention.attention'
_PROJECTIONS = tuple(f'{_ATTENTION}.{k}' for k in ('query', 'key', 'value'))
_JOINT = f'{_ATTENTION}.qkv'
_OUTER = {
    'embeddings.cls_token': 'cls_token',
    'embeddings.position_embeddings': 'pos_embed',
}
_REGISTERS = {'embeddings.register_tokens': 'register_tokens'}
_MODULES = {
    'embeddings.patch_embeddings.projection': 'patch_embed.projection',
    'layernorm': 'ln1',
}
_SHARED = {
    _JOINT: 'attn.qkv',
    'attention.output.dense': 'attn.proj',
}
_VIT_BLOCK = _SHARED | {
    'layernorm_before': 'ln1',
    'layernorm_after': 'ln2',
    'intermediate.dense': 'ffn.layers.0.0',
    'output.dense': 'ffn.layers.1',
}
_DINOV2_BLOCK = _SHARED | {'norm1': 'ln1', 'norm2': 'ln2'}
_DINOV2_MLP = {'mlp.fc1': 'ffn.layers.0.0', 'mlp.fc2': 'ffn.layers.1'}
_DINOV2_GATED = {'mlp.weights_in': 'ffn.w12', 'mlp.weights_out': 'ffn.w3'}
_DINOV2_SCALES = {
    'layer_scale1.lambda1': 'attn.gamma1.weight',
    'layer_scale2.lambda1': 'ffn.gamma2.weight',
}
_LAYER = 'encoder.layer'
VIT_KEY = f'{_LAYER}.0.layernorm_before.weight'
DINOV2_KEY = f'{_LAYER}.0.layer_scale1.lambda1'
RESNET_KEY = 'embedder.embedder.convolution.weight'
_UNIT = re.compile(
    r'encoder\.stages\.(\d+)\.layers\.(\d+)\.(shortcut|layer\.(\d+))\.'
    r'(convolution|normalization)\.(\w+)$'
)


def huggingface_vit_names(state: dict[str, Tensor]) -> Names:
    """Return the names of ``ViTModel`` and MMPreTrain.

    The projections of queries, keys and values are one layer, see
    :func:`join_projections`.

    Args:
        state: State dict of the network with the names of either.
    """
    modules = dict(_MODULES)
    for theirs, own in _blocks(state):
        modules |= {
            f'{theirs}.{k}': f'{own}.{v}' for k, v in _VIT_BLOCK.items()
        }
    return _names(modules, _OUTER)


def huggingface_dinov2_names(state: dict[str, Tensor]) -> Names:
    """Return the names of ``Dinov2Model`` and MMPreTrain.

    With registers it is ``Dinov2WithRegistersModel``.

    Args:
        state: State dict of the network with the names of either.
    """
    gated = any('.mlp.weights_in.' in k or '.ffn.w12.' in k for k in state)
    block = _DINOV2_BLOCK | (_DINOV2_GATED if gated else _DINOV2_MLP)
    modules, single = dict(_MODULES), dict(_OUTER)
    if {*_REGISTERS.keys(), *_REGISTERS.values()} & state.keys():
        single |= _REGISTERS
    for theirs, own in _blocks(state):
        modules |= {f'{theirs}.{k}': f'{own}.{v}' for k, v in block.items()}
        single |= {
            f'{theirs}.{k}': f'{own}.{v}' for k, v in _DINOV2_SCALES.items()
        }
    return _names(modules, single)


def huggingface_resnet_names(units: list[Unit]) -> Names:
    """Return the names of ``transformers.ResNetModel`` and MMPreTrain.

    Args:
        units: The convolutions of the network, see
            :func:`~.resnet.resnet_units` and :func:`units_in`.
    """
    pairs, optional = {}, []
    for unit in units:
        name = _unit_name(unit)
        pairs[f'{name}.convolution.weight'] = f'{unit.convolution}.weight'
        for tensor in (*NORM_TENSORS, BATCH_COUNT):
            pairs[f'{name}.normalization.{tensor}'] = f'{unit.norm}.{tensor}'
        optional.append(f'{unit.norm}.{BATCH_COUNT}')
    return Names(pairs, frozenset(optional))


def units_in(state: dict[str, Tensor]) -> list[Unit]:
    """Return the convolutions of a state dict of ``ResNetModel``."""
    units = {Unit(0, 0, 1): None}
    for key in state:
        if found := _UNIT.match(key):
            stage, block, _, index = found.groups()[:4]
            index = 0 if index is None else int(index) + 1
            units[Unit(int(stage) + 1, int(block), index)] = None
    return list(units)


def join_projections(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Join the layers of queries, keys and values, (D, D), to one, (3 D, D).

    Args:
        state: State dict with the names of transformers. The joint layer is
            named ``...attention.attention.qkv``.

    Raises:
        ValueError: If a block lacks one of the three.
    """
    return join_layers(state, _PROJECTIONS, _JOINT)


def split_projections(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Split the joint layer of queries, keys and values into three.

    The inverse of :func:`join_projections`.
    """
    return split_layers(state, _PROJECTIONS, _JOINT)


def _blocks(state: dict[str, Tensor]) -> list[tuple[str, str]]:
    depth = max(count_of(state, _LAYER), count_of(state, 'layers'))
    return [(f'{_LAYER}.{i}', f'layers.{i}') for i in range(depth)]


def _names(modules: dict[str, str], single: dict[str, str]) -> Names:
    pairs = single | {
        f'{theirs}.{kind}': f'{own}.{kind}'
        for theirs, own in modules.items()
        for kind in ('weight', 'bias')
    }
    biases = [v for v in pairs.values() if v.endswith('.attn.qkv.bias')]
    return Names(pairs, frozenset(biases))


def _unit_name(unit: Unit) -> str:
    if unit.stage == 0:
        return 'embedder.embedder'
    layer = f'encoder.stages.{unit.stage - 1}.layers.{unit.block}'
    if unit.conv == 0:
        return f'{layer}.shortcut'
    return f'{layer}.layer.{unit.conv - 1}'
