# DINO with a small ViT, two global and two local views. Teacher, temperature
# and centre follow faster than the paper's, as the training has few steps, of
# which batches of 32 give most: on a CPU an image costs the same in any batch.
_base_ = '../_base_/fashion_mnist.py'

num_crops = [2, 2]
model = dict(
    type='hirl_mm.DINOAlgorithm',
    _scope_='mmpretrain',
    num_crops=num_crops,
    base_momentum=0.99,
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
        out_channels=512,
        warmup_teacher_temp=0.04,
        teacher_temp=0.04,
        warmup_teacher_temp_epochs=0,
    ),
)

local_crop = dict(_base_.crop, scale=16, crop_ratio_range=(0.2, 0.5))
multi_crop = dict(
    type='mmpretrain.MultiView',
    num_views=num_crops,
    transforms=[
        [_base_.crop, *_base_.look],
        [local_crop, *_base_.look],
    ],
)
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            multi_crop,
            dict(type='mmpretrain.PackInputs'),
        ]
    ),
)
optim_wrapper = dict(
    constructor='hirl_mm.GroupedOptimWrapperConstructor',
    optimizer=dict(weight_decay=0.04),
    # No decay of biases and norms, which are flat.
    paramwise_cfg=dict(flat_decay_mult=0.0),
)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1e-6,
        by_epoch=True,
        end=3,
        convert_to_iter_based=True,
    ),
    dict(_base_.param_scheduler[0], T_max=21, begin=3),
]
default_hooks = dict(
    teacher=dict(type='hirl_mm.TeacherUpdateHook'),
    clip=dict(type='hirl_mm.ParameterClipHook', max_norm=3.0),
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['head.last_layer'],
        end=1,
        by_epoch=True,
    ),
)
