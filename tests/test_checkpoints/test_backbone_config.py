"""Configs of published networks have all of their shapes, and no other."""

import pytest
import timm
import torch
import torchvision
from mmpretrain.models import BEiTViT, VisionTransformer
from mmpretrain.registry import MODELS

from hirl_mm.checkpoints.backbone_config import (
    _ARCHS,
    _BEITS,
    backbone_config,
)
from hirl_mm.checkpoints.import_backbone import import_weights
from hirl_mm.checkpoints.matching import match, required_weights
from tests.libraries import timm_resnet
from tests.released import beit_state, junk, mm_vit, timm_vit

pytestmark = pytest.mark.slow


def on_meta(make, **options):
    with torch.device('meta'):
        return make(**options)


def fitting(config, state):
    """The network of the config has the shapes of the state dict."""
    make = (lambda f, cfg: f(cfg)) if 'Res' in config['type'] else on_meta
    net = make(MODELS.build, cfg=config)
    found = match(required_weights(net), state)
    assert len(found.matched) == found.total
    assert not found.unused
    return net


TIMM = {
    'vit_small_patch14_dinov2': dict(
        type='VisionTransformer',
        arch='deit-small',
        img_size=518,
        patch_size=14,
        layer_scale_init_value=1e-5,
    ),
    'vit_giant_patch14_dinov2': dict(
        type='VisionTransformer',
        arch=dict(
            embed_dims=1536,
            num_layers=40,
            num_heads=24,
            feedforward_channels=6144,
        ),
        img_size=518,
        patch_size=14,
        layer_scale_init_value=1e-5,
        layer_cfgs=dict(ffn_type='swiglu_fused'),
    ),
    'vit_tiny_patch16_224': dict(
        type='VisionTransformer',
        arch='deit-tiny',
        img_size=224,
        patch_size=16,
    ),
    'deit3_base_patch16_384': dict(
        type='VisionTransformer',
        arch='deit-base',
        img_size=384,
        patch_size=16,
        layer_scale_init_value=1e-5,
    ),
    'beitv2_base_patch16_224': dict(
        type='BEiTViT',
        arch='deit-base',
        img_size=224,
        patch_size=16,
        use_rel_pos_bias=True,
        use_shared_rel_pos_bias=False,
        out_type='avg_featmap',
        final_norm=False,
    ),
    'resnet34': dict(type='ResNet', depth=34),
    'wide_resnet50_2': dict(
        type='ResNet', depth=50, expansion=2, base_channels=128
    ),
    'resnext50_32x4d': dict(
        type='ResNeXt', depth=50, groups=32, width_per_group=4
    ),
}


@pytest.mark.parametrize('name', TIMM)
def test_networks_of_timm(name):
    net = on_meta(timm.create_model, model_name=name, num_classes=0)
    state = beit_state(net) if name.startswith('beit') else net.state_dict()
    if 'pos_embed' in state:
        # Sines would be those of MoCo v3, whose ViT-S has other heads.
        state['pos_embed'] = torch.randn(state['pos_embed'].shape)
    imported = import_weights(state)
    config = backbone_config(imported)
    assert config == TIMM[name]
    fitting(config, imported.state)


@pytest.mark.parametrize(
    ('name', 'arch'), [('vit_b_32', 'deit-base'), ('vit_l_16', 'large')]
)
def test_networks_of_torchvision(name, arch):
    net = on_meta(getattr(torchvision.models, name))
    imported = import_weights(net.state_dict())
    config = backbone_config(imported)
    assert config['arch'] == arch
    assert imported.left_out == ['heads.head.weight', 'heads.head.bias']
    fitting(config, imported.state)


def test_names_of_archs_are_those_of_mmpretrain():
    for sizes, name in _ARCHS.items():
        assert tuple(VisionTransformer.arch_zoo[name].values()) == sizes
    for name in _BEITS:
        assert BEiTViT.arch_zoo[name] == VisionTransformer.arch_zoo[name]


def test_small_stem_and_grey_images():
    net = on_meta(timm_resnet, in_chans=1)
    state = net.state_dict()
    state['conv1.weight'] = torch.empty(64, 1, 3, 3, device='meta')
    config = backbone_config(import_weights(state))
    assert config == dict(
        type='ResNet_CIFAR', depth=50, in_channels=1, base_channels=8
    )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(channels=(8, 16, 24, 32)), 'no ResNet of these sizes.*layer3'),
        (dict(layers=(1, 2, 1, 1)), r'no ResNet with \[1, 2, 1, 1\] bottlen'),
        (dict(stem=5), 'stem of 5 x 5: it has ResNet-18'),
    ],
)
def test_resnets_that_mmpretrain_lacks(options, message):
    stem = options.pop('stem', None)
    state = on_meta(timm_resnet, **options).state_dict()
    if stem:
        state['conv1.weight'] = torch.empty(64, 3, stem, stem, device='meta')
    with pytest.raises(ValueError, match=message):
        backbone_config(import_weights(state))


def test_unknown_number_of_heads():
    state = timm_vit(0).state_dict()
    with pytest.raises(ValueError, match='of width 24 is unknown.*--num-hea'):
        backbone_config(import_weights(state))
    with pytest.raises(ValueError, match='5 attention heads do not divide'):
        import_weights(state, num_heads=5)


def test_image_that_is_not_square():
    state = mm_vit(img_size=(16, 40)).state_dict()
    with pytest.raises(ValueError, match='do not belong to a square image'):
        backbone_config(import_weights(state, num_heads=3))


def test_mask_token_of_a_student():
    """Of this project's iBOT."""
    state = mm_vit().state_dict() | junk('mask_token')
    imported = import_weights(state, num_heads=3)
    assert imported.left_out == ['mask_token']
    fitting(backbone_config(imported), imported.state)
