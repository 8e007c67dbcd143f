"""Tiny networks of timm, torchvision and transformers, and their files."""

from functools import partial

import timm
import torch
import torchvision
import transformers
from timm.layers import LayerNorm, SwiGLUPacked
from timm.models.eva import Eva
from timm.models.resnet import BasicBlock, Bottleneck

from tests.released import HEADS, PATCH, SIZE, WIDTH, scrambled

CONFIG = dict(
    hidden_size=WIDTH,
    num_hidden_layers=2,
    num_attention_heads=HEADS,
    image_size=SIZE,
    patch_size=PATCH,
)
RESNET = dict(embedding_size=8, hidden_sizes=[16, 32, 64, 128])


def scaled(module, seed=0):
    """The module with values of its own, in float64.

    Layer scales are far from 0 and from 1.
    """
    scrambled(module, seed)
    generator = torch.Generator().manual_seed(seed + 5)
    for name, tensor in module.named_parameters():
        if '.ls' in name or 'lambda1' in name or '.gamma_' in name:
            tensor.data.uniform_(0.4, 0.9, generator=generator)
        if 'norm' in name and name.endswith('weight'):
            tensor.data.uniform_(0.5, 1.5, generator=generator)
    for name, tensor in module.named_buffers():
        if name.endswith('running_var'):
            tensor.data.uniform_(0.5, 1.5, generator=generator)
    return module.double().eval()


def timm_vit(**options):
    usual = dict(
        img_size=SIZE,
        patch_size=PATCH,
        embed_dim=WIDTH,
        depth=2,
        num_heads=HEADS,
        mlp_ratio=2.0,
        num_classes=0,
    )
    return scaled(timm.models.VisionTransformer(**usual | options))


def timm_gated(**options):
    """The MLP has 32 channels."""
    return timm_vit(
        mlp_layer=SwiGLUPacked,
        act_layer=torch.nn.SiLU,
        mlp_ratio=64 / WIDTH,
        **dict(init_values=1.0) | options,
    )


def timm_dinov3(gated=False, **options):
    """Periods 1 and 10, which float32 holds, for heads of 8 channels."""
    usual = dict(
        img_size=SIZE,
        patch_size=PATCH,
        embed_dim=WIDTH,
        depth=2,
        num_heads=HEADS,
        mlp_ratio=2.0,
        num_classes=0,
        global_pool='token',
        dynamic_img_size=True,
        use_abs_pos_emb=False,
        use_rot_pos_emb=True,
        rope_type='dinov3',
        rope_temperature=100,
        rope_rotate_half=True,
        num_reg_tokens=4,
        qkv_bias=True,
        init_values=1e-5,
        use_fc_norm=False,
        norm_layer=partial(LayerNorm, eps=1e-5),
        swiglu_mlp=gated,
        swiglu_align_to=8,
    )
    return scaled(Eva(**usual | options))


def timm_resnet(bottleneck=True, **options):
    usual = dict(
        block=Bottleneck if bottleneck else BasicBlock,
        layers=(3, 4, 6, 3) if bottleneck else (2, 2, 2, 2),
        channels=(8, 16, 32, 64),
        num_classes=0,
    )
    return scaled(timm.models.ResNet(**usual | options))


def torchvision_vit():
    net = torchvision.models.VisionTransformer(
        SIZE, PATCH, 2, HEADS, WIDTH, 48
    )
    net.heads = torch.nn.Identity()
    return scaled(net)


def huggingface(kind, **options):
    """A model of transformers, such as ``kind='ViT'``."""
    if kind == 'ResNet':
        options = RESNET | options
    else:
        options = CONFIG | options
        if kind.startswith('Dinov2'):
            options = dict(mlp_ratio=2) | options
        else:
            options = dict(intermediate_size=48) | options
    config = getattr(transformers, f'{kind}Config')(**options)
    return config, getattr(transformers, f'{kind}Model')(config)
