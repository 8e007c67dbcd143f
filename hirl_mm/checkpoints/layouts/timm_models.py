import torch
import torchvision
from torch import Tensor

from .beit import unshare_position_biases
from .dinov3 import timm_dinov3
from .families import BEIT, RESNET, Family
from .resnet import BATCH_COUNT
from .vit import vit_shape, without_class_position

_RESNETS = ('resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152')
_HEADLESS = 'num_classes=0'
# Arguments of timm's vit_base_patch16_224 and beit_base_patch16_224.
_BASE = dict(
    img_size=224,
    patch_size=16,
    in_chans=3,
    embed_dim=768,
    depth=12,
    num_heads=12,
    mlp_ratio=4.0,
    qkv_bias=True,
)

# Of vit_small_patch16_dinov3 and vit_small_plus_patch16_dinov3.
_SMALL_DINOV3 = dict(
    patch_size=16,
    in_chans=3,
    embed_dim=384,
    depth=12,
    num_heads=6,
    mlp_ratio=4.0,
    num_reg_tokens=4,
)


def resnet_name(state: dict[str, Tensor]) -> str:
    """Return the name of a ResNet in torchvision and timm.

    Args:
        state: State dict of a ResNet, without its classifier.

    Raises:
        ValueError: If the shapes match none of their ResNets, all of which
            have 64 channels in the stem.
    """
    shapes = _shapes(state)
    for name in _RESNETS:
        with torch.device('meta'):
            module = getattr(torchvision.models, name)()
        del module.fc
        if _shapes(module.state_dict()) == shapes:
            return name
    raise ValueError(
        'torchvision and timm have no ResNet with these shapes: its stem is '
        f'{tuple(state["conv1.weight"].shape)}, its last stage has '
        f'{state["layer4.0.conv2.weight"].shape[0]} channels; they have '
        f'{", ".join(_RESNETS)} as published. --to huggingface takes any width'
    )


def _shapes(state: dict[str, Tensor]) -> dict[str, torch.Size]:
    return {
        key: value.shape
        for key, value in state.items()
        if not key.endswith(BATCH_COUNT)
    }


def timm_weights(
    family: Family, state: dict[str, Tensor], num_heads: int
) -> tuple[dict[str, Tensor], str]:
    """Convert a backbone to the weights of a model of timm.

    Args:
        family: The kind of network.
        state: State dict of the network with MMPreTrain's names.
        num_heads: Number of attention heads of a ViT or BEiT; 0 for a
            ResNet.

    Returns:
        State dict for timm, and the Python call that builds the model.

    Raises:
        ValueError: If timm has no such network.
    """
    if family is RESNET:
        return (
            state,
            f"timm.create_model('{resnet_name(state)}', num_classes=0)",
        )
    norms = {'ln1.weight', 'ln2.weight'} & state.keys()
    if len(norms) != 1:
        raise ValueError(
            'timm normalises either all tokens or their mean (ln1 or ln2 of '
            'MMPreTrain); this network has both'
        )
    shape = vit_shape(state)
    if shape['rotary']:
        return timm_dinov3(state), _dinov3_call(state, shape, num_heads)
    if shape['gated']:
        raise ValueError(
            'a ViT with learned positions and a gated MLP (SwiGLU, as in the '
            'largest DINOv2) is not exported to timm: export it to '
            'huggingface'
        )
    options = _options(shape, num_heads)
    is_beit = family is BEIT
    if shape['layer_scale'] and not is_beit:
        # Any value builds the layers; the file has theirs.
        options['init_values'] = 1.0
    pooling = 'avg' if 'ln2.weight' in norms else 'token'
    if pooling != ('avg' if is_beit else 'token'):
        options['global_pool'] = pooling
    if is_beit:
        state = unshare_position_biases(state)
        if 'pos_embed' in state:
            options['use_abs_pos_emb'] = True
    if shape['registers']:
        options |= dict(reg_tokens=shape['registers'], no_embed_class=True)
    name = 'beit_base_patch16_224' if is_beit else 'vit_base_patch16_224'
    weights = family.names(state).from_mmpretrain(state)
    if shape['registers']:
        weights = without_class_position(weights)
    return weights, _call(name, options)


def _dinov3_call(state: dict[str, Tensor], shape: dict, num_heads: int) -> str:
    """Return the call that builds a DINOv3 of timm with these sizes."""
    if 'ln1.weight' not in state:
        raise ValueError(
            "timm's DINOv3 normalises all tokens; it cannot normalise their "
            "mean, as this network does (ln2, out_type='avg_featmap')"
        )
    size = 'small_plus' if shape['gated'] else 'small'
    biases = '_qkvb' if shape['qkv_bias'] else ''
    hidden = shape['hidden'] * 2 // 3 if shape['gated'] else shape['hidden']
    options = dict(
        patch_size=shape['patch'],
        in_chans=shape['channels'],
        embed_dim=shape['width'],
        depth=shape['depth'],
        num_heads=num_heads,
        mlp_ratio=hidden / shape['width'],
        num_reg_tokens=shape['registers'],
    )
    options = {k: v for k, v in options.items() if v != _SMALL_DINOV3[k]}
    name = f'vit_{size}_patch16_dinov3{biases}'
    return _call(name, dict(global_pool='token') | options)


def _call(name: str, options: dict) -> str:
    arguments = ''.join(f', {k}={v!r}' for k, v in options.items())
    return f"timm.create_model('{name}', {_HEADLESS}{arguments})"


def _options(shape: dict, num_heads: int) -> dict:
    options = dict(
        img_size=shape['image'],
        patch_size=shape['patch'],
        in_chans=shape['channels'],
        embed_dim=shape['width'],
        depth=shape['depth'],
        num_heads=num_heads,
        mlp_ratio=shape['hidden'] / shape['width'],
        qkv_bias=shape['qkv_bias'],
    )
    return {k: v for k, v in options.items() if v != _BASE[k]}
