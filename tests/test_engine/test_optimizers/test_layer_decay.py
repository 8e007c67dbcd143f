"""Rates by layer of a model that is no classifier."""

import pytest
from mmengine.optim import build_optim_wrapper
from mmpretrain.models.backbones import VisionTransformer
from torch import nn

ARCH = dict(embed_dims=8, num_layers=12, num_heads=2, feedforward_channels=8)


def model():
    parts = nn.Module()
    parts.backbone = VisionTransformer(arch=ARCH, img_size=32, patch_size=16)
    parts.neck = nn.Linear(8, 8)
    return parts


def groups_of(parts, **options):
    wrapper = build_optim_wrapper(
        parts,
        dict(
            type='OptimWrapper',
            constructor='hirl_mm.LayerDecayOptimWrapperConstructor',
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
            paramwise_cfg=dict(
                layer_decay_rate=0.65,
                flat_decay_mult=0.0,
                custom_keys={
                    key: dict(decay_mult=0.0)
                    for key in ('.cls_token', '.pos_embed')
                },
                **options,
            ),
        ),
    )
    names = {p: name for name, p in parts.named_parameters()}
    groups = wrapper.optimizer.param_groups
    return groups, {names[p]: g for g in groups for p in g['params']}


def depth(name):
    if not name.startswith('backbone.') or 'backbone.ln1' in name:
        return 13
    return int(name.split('.')[2]) + 1 if '.layers.' in name else 0


def test_rate_and_decay_of_every_parameter():
    parts = model()
    _, group_of = groups_of(parts)
    assert set(group_of) == {name for name, _ in parts.named_parameters()}
    for name, parameter in parts.named_parameters():
        group = group_of[name]
        scale = 0.65 ** (13 - depth(name))
        assert group['lr'] == pytest.approx(1e-3 * scale), name
        flat = parameter.ndim == 1 or name.endswith(('_token', '_embed'))
        assert group['weight_decay'] == (0 if flat else 0.05), name


def test_parameters_of_the_same_options_share_a_group():
    groups, _ = groups_of(model())
    # Of 14 depths, with and without weight decay.
    assert len(groups) == 2 * 14


def test_frozen_parameters_are_left_out():
    parts = model()
    parts.backbone.patch_embed.requires_grad_(False)
    _, group_of = groups_of(parts)
    assert not any('patch_embed' in name for name in group_of)


def test_backbone_without_layers():
    parts = model()
    parts.backbone = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r'Module has the backbone Linear'):
        groups_of(parts)
