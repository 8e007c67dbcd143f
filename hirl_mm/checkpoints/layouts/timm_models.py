import torch
import torchvision
from torch import Tensor

from .beit import unshare_position_biases
from .families import BEIT, RESNET, Family
from .resnet import BATCH_COUNT
from .vit import vit_shape

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
    family: Family, state: dict[str, Tensor], num_heads: int | None
) -> tuple[dict[str, Tensor], str]:
    """Convert a backbone to the weights of a model of timm.

    Args:
        family: The kind of network.
        state: State dict of the network with MMPreTrain's names.
        num_heads: Number of attention heads of a ViT or BEiT.

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
    if shape['gated']:
        raise ValueError(
            'a ViT with a gated MLP (SwiGLU, as in the largest DINOv2) is '
            'not exported: use its checkpoint in MMPreTrain'
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
    name = 'beit_base_patch16_224' if is_beit else 'vit_base_patch16_224'
    arguments = ''.join(f', {k}={v!r}' for k, v in options.items())
    call = f"timm.create_model('{name}', {_HEADLESS}{arguments})"
    return family.names(state).from_mmpretrain(state), call


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
