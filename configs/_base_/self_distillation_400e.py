# How DINO and iBOT are trained in the HIRL paper (section A.2).
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

teacher_update = dict(type='hirl_mm.TeacherUpdateHook')
clip = dict(type='hirl_mm.ParameterClipHook', max_norm=0.3)
frozen_last_layer = dict(
    type='hirl_mm.FrozenLayersHook',
    layers=['head.last_layer'],
    end=3,
    by_epoch=True,
)

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='CheckpointHook',
        interval=10,
        max_keep_ckpts=3,
        backend_args=dict(backend='hirl_mm.atomic'),
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
env_cfg = dict(
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='UniversalVisualizer', vis_backends=vis_backends)
