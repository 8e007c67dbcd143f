from torch import Tensor

from .names import Names
from .resnet import (
    BATCH_COUNT,
    NORM_TENSORS,
    Unit,
    is_bottleneck,
    resnet_depths,
    resnet_units,
)
from .vit import vit_shape

_STEM = 7
_REDUCTION = 4
_PROJECTIONS = ('query', 'key', 'value')
_VIT_OUTER = {
    'embeddings.cls_token': 'cls_token',
    'embeddings.position_embeddings': 'pos_embed',
}
_VIT_MODULES = {
    'embeddings.patch_embeddings.projection': 'patch_embed.projection',
    'layernorm': 'ln1',
}
_VIT_BLOCK = {
    'layernorm_before': 'ln1',
    'attention.attention.query': 'attn.query',
    'attention.attention.key': 'attn.key',
    'attention.attention.value': 'attn.value',
    'attention.output.dense': 'attn.proj',
    'layernorm_after': 'ln2',
    'intermediate.dense': 'ffn.layers.0.0',
    'output.dense': 'ffn.layers.1',
}


def huggingface_resnet(
    state: dict[str, Tensor],
) -> tuple[dict[str, Tensor], dict]:
    """Convert a ResNet to weights and config of ``transformers.ResNetModel``.

    Args:
        state: State dict of a ResNet with MMPreTrain's names, of any width.

    Returns:
        State dict and config for ``ResNetModel``.

    Raises:
        ValueError: If ``ResNetModel`` cannot build such a network.
    """
    config = _resnet_config(state)
    pairs, optional = {}, []
    for unit in resnet_units(state):
        name = _unit_name(unit)
        pairs[f'{name}.convolution.weight'] = f'{unit.convolution}.weight'
        for tensor in (*NORM_TENSORS, BATCH_COUNT):
            pairs[f'{name}.normalization.{tensor}'] = f'{unit.norm}.{tensor}'
        optional.append(f'{unit.norm}.{BATCH_COUNT}')
    names = Names(pairs, frozenset(optional))
    return names.from_mmpretrain(state), config


def _unit_name(unit: Unit) -> str:
    if unit.stage == 0:
        return 'embedder.embedder'
    layer = f'encoder.stages.{unit.stage - 1}.layers.{unit.block}'
    return (
        f'{layer}.layer.{unit.index - 1}'
        if unit.index
        else (f'{layer}.shortcut')
    )


def _resnet_config(state: dict[str, Tensor]) -> dict:
    stem = state['conv1.weight'].shape
    if stem[2:] != (_STEM, _STEM):
        raise ValueError(
            f'transformers.ResNetModel needs a stem of {_STEM} x {_STEM}, not '
            f'{stem[2]} x {stem[3]}'
        )
    last, inner = (3, _REDUCTION) if is_bottleneck(state) else (2, 1)
    hidden = []
    for stage in range(1, 5):
        block = f'layer{stage}.0'
        hidden.append(state[f'{block}.conv{last}.weight'].shape[0])
        middle = state[f'{block}.conv2.weight'].shape[1]
        if {middle, state[f'{block}.conv1.weight'].shape[0]} != {
            hidden[-1] // inner
        }:
            raise ValueError(
                'transformers.ResNetModel has no groups, and its bottlenecks '
                f'have a quarter of the channels: {block} has {hidden[-1]} '
                f'channels, its second convolution takes {middle}'
            )
    return dict(
        architectures=['ResNetModel'],
        model_type='resnet',
        num_channels=stem[1],
        embedding_size=stem[0],
        hidden_sizes=hidden,
        depths=resnet_depths(state),
        layer_type='bottleneck' if is_bottleneck(state) else 'basic',
        hidden_act='relu',
        downsample_in_first_stage=False,
        downsample_in_bottleneck=False,
    )


def huggingface_vit(
    state: dict[str, Tensor], num_heads: int, layer_norm_eps: float
) -> tuple[dict[str, Tensor], dict]:
    """Convert a ViT to weights and config of ``transformers.ViTModel``.

    The weights are those of a model without pooler.

    Args:
        state: State dict of a vision transformer with MMPreTrain's names.
        num_heads: Number of attention heads.
        layer_norm_eps: Epsilon of all layer norms; transformers' default is
            1e-12.

    Returns:
        State dict and config for ``ViTModel``.

    Raises:
        ValueError: If ``ViTModel`` cannot build such a network.
    """
    if 'ln2.weight' in state:
        raise ValueError(
            'transformers.ViTModel normalises all tokens; it cannot '
            'normalise their mean, as this network does (ln2 of MMPreTrain, '
            "out_type='avg_featmap')"
        )
    shape = vit_shape(state)
    modules = dict(_VIT_MODULES)
    for i in range(shape['depth']):
        for other, mmpretrain in _VIT_BLOCK.items():
            modules[f'encoder.layer.{i}.{other}'] = f'layers.{i}.{mmpretrain}'
    pairs = _VIT_OUTER | {
        f'{other}.{name}': f'{mmpretrain}.{name}'
        for other, mmpretrain in modules.items()
        for name in ('weight', 'bias')
    }
    projections = tuple(f'.attn.{name}.bias' for name in _PROJECTIONS)
    if not shape['qkv_bias']:
        pairs = {k: v for k, v in pairs.items() if not v.endswith(projections)}
    config = dict(
        architectures=['ViTModel'],
        model_type='vit',
        hidden_size=shape['width'],
        num_hidden_layers=shape['depth'],
        num_attention_heads=num_heads,
        intermediate_size=shape['hidden'],
        hidden_act='gelu',
        layer_norm_eps=layer_norm_eps,
        image_size=shape['image'],
        patch_size=shape['patch'],
        num_channels=shape['channels'],
        qkv_bias=shape['qkv_bias'],
    )
    return Names(pairs).from_mmpretrain(_split_projections(state)), config


def _split_projections(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Split the joint layer of queries, keys and values into three."""
    split = {}
    for key, value in state.items():
        if '.attn.qkv.' not in key:
            split[key] = value
            continue
        thirds = value.chunk(3)
        for name, third in zip(_PROJECTIONS, thirds, strict=True):
            split[key.replace('.qkv.', f'.{name}.')] = third
    return split
