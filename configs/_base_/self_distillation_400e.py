# How DINO and iBOT are trained in the HIRL paper (section A.2).
_base_ = 'runtime.py'

optim_wrapper = dict(
    type='AmpOptimWrapper',
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    loss_scale='dynamic',
    # 7.5e-4 for every 256 images.
    optimizer=dict(
        type='AdamW', lr=3e-3, betas=(0.9, 0.999), weight_decay=0.04
    ),
    # No decay of biases and norms, which are flat.
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,
        by_epoch=True,
        begin=0,
        end=10,
        convert_to_iter_based=True,
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=2e-6,
        by_epoch=True,
        begin=10,
        end=400,
        convert_to_iter_based=True,
    ),
    # From 0.04 to 0.4; a ratio leaves groups without decay at 0.
    dict(
        type='CosineAnnealingParamScheduler',
        param_name='weight_decay',
        eta_min_ratio=10,
        by_epoch=True,
        begin=0,
        end=400,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=400)

default_hooks = dict(
    teacher=dict(type='hirl_mm.TeacherUpdateHook'),
    clip=dict(type='hirl_mm.ParameterClipHook', max_norm=0.3),
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['head.last_layer'],
        end=3,
        by_epoch=True,
    ),
)
