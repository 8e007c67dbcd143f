"""A recipe of a vision transformer: HIRL-DINO and the hooks it needs."""

from mmengine.config import read_base

from hirl_mm.engine.hooks import (
    FrozenLayersHook,
    ParameterClipHook,
    TeacherUpdateHook,
)
from hirl_mm.engine.optimizers.grouped_optim_wrapper import (
    GroupedOptimWrapperConstructor,
)
from hirl_mm.models import (
    HIRLDINO,
    DINODistillHead,
    DINONeck,
    DINOViT,
    SPDHead,
)

with read_base():
    from .digits import *  # noqa: F403

model = dict(
    type=HIRLDINO,
    num_crops=(2, 0),
    backbone=dict(
        type=DINOViT,
        arch=dict(
            embed_dims=24,
            num_layers=2,
            num_heads=2,
            feedforward_channels=48,
        ),
        img_size=32,
        patch_size=8,
    ),
    neck=dict(type=DINONeck, in_channels=24, hid_channels=32, out_channels=16),
    head=dict(type=DINODistillHead, in_channels=16, out_channels=12),
    spd_head=dict(type=SPDHead, num_negatives=5),
)
optim_wrapper.update(  # noqa: F405
    constructor=GroupedOptimWrapperConstructor,
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
default_hooks.update(  # noqa: F405
    teacher=dict(type=TeacherUpdateHook),
    clip=dict(type=ParameterClipHook, max_norm=0.3),
    frozen_layers=dict(
        type=FrozenLayersHook,
        layers=['head.last_layer'],
        end=1,
        by_epoch=True,
    ),
)
