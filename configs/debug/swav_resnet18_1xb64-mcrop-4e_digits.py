# A run of seconds through SwAV, with crops of two sizes and with a queue,
# which fills in the second epoch. With the paper's epsilon of 0.05 the
# assignment is so even in so short a run that nothing is learnt.
_base_ = '../_base_/digits_4e.py'

num_crops = [2, 2]
model = dict(
    type='SwAV',
    _scope_='mmpretrain',
    backbone=dict(
        type='ResNet',
        depth=18,
        base_channels=32,
        stem_channels=32,
        norm_cfg=dict(type='BN'),
        zero_init_residual=False,
    ),
    neck=dict(
        type='SwAVNeck',
        in_channels=256,
        hid_channels=256,
        out_channels=128,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='SwAVHead',
        loss=dict(
            type='hirl_mm.SwAVLoss',
            feat_dim=128,
            num_prototypes=120,
            num_crops=num_crops,
            epsilon=0.02,
            queue_length=256,
            queue_start_epoch=1,
        ),
    ),
)

small_view_pipeline = [
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=16,
        crop_ratio_range=(0.3, 0.5),
    ),
    *_base_.view_pipeline[1:],
]
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=num_crops,
                transforms=[_base_.view_pipeline, small_view_pipeline],
            ),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
default_hooks = dict(
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes'],
        end=4,
        by_epoch=False,
    )
)
