from torch import Tensor

from .huggingface_names import (
    huggingface_resnet_names,
    huggingface_vit_names,
    split_projections,
)
from .resnet import is_bottleneck, resnet_depths, resnet_units
from .vit import vit_shape

_STEM = 7
_REDUCTION = 4


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
    names = huggingface_resnet_names([*resnet_units(state)])
    return names.from_mmpretrain(state), config


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
        state: State dict of a vision transformer with MMPreTrain's names,
            without layer scale, gated MLPs and registers.
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
    weights = huggingface_vit_names(state).from_mmpretrain(state)
    return split_projections(weights), config
