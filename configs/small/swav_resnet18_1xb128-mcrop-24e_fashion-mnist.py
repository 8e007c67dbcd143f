# SwAV with a ResNet-18 of half the width and crops of two sizes. As on the
# digits, an epsilon below the paper's 0.05, whose assignment is too even for
# so short a training.
_base_ = '../_base_/fashion_mnist.py'

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
            num_prototypes=150,
            num_crops=num_crops,
            epsilon=0.02,
        ),
    ),
)

small_crop = dict(_base_.crop, scale=16, crop_ratio_range=(0.1, 0.4))
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=num_crops,
                transforms=[
                    [_base_.crop, *_base_.look],
                    [small_crop, *_base_.look],
                ],
            ),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
# For the first epoch.
default_hooks = dict(
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes'],
        end=1,
        by_epoch=True,
    )
)
