# A run of seconds through DINO.
_base_ = '../_base_/digits_multicrop.py'

model = dict(
    type='hirl_mm.DINOAlgorithm',
    _scope_='mmpretrain',
    num_crops=_base_.num_crops,
    base_momentum=0.996,
    backbone=dict(
        type='hirl_mm.DINOViT',
        arch=dict(
            embed_dims=64,
            num_layers=4,
            num_heads=4,
            feedforward_channels=256,
        ),
        img_size=32,
        patch_size=8,
        drop_path_rate=0.1,
    ),
    neck=dict(
        type='hirl_mm.DINONeck',
        in_channels=64,
        hid_channels=256,
        out_channels=64,
    ),
    head=dict(
        type='hirl_mm.DINODistillHead',
        in_channels=64,
        out_channels=256,
        warmup_teacher_temp=0.02,
        teacher_temp=0.03,
        warmup_teacher_temp_epochs=8,
        center_momentum=0.8,
    ),
)
# The centre is found before the rate is high.
optim_wrapper = dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    optimizer=dict(lr=3e-4, weight_decay=0.04),
    # No decay of biases and norms, which are flat.
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,
        by_epoch=True,
        end=2,
        convert_to_iter_based=True,
    ),
    dict(_base_.param_scheduler[0], T_max=2, begin=2),
    dict(
        type='CosineAnnealingParamScheduler',
        param_name='weight_decay',
        eta_min_ratio=10,
        by_epoch=True,
        convert_to_iter_based=True,
        T_max=4,
        end=4,
    ),
]
default_hooks = dict(
    teacher=dict(type='hirl_mm.TeacherUpdateHook'),
    clip=dict(type='hirl_mm.ParameterClipHook', max_norm=0.3),
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['head.last_layer'],
        end=1,
        by_epoch=True,
    ),
)
