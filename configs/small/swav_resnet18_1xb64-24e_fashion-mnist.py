# SwAV with a ResNet-18 of half the width, without small crops, which cost
# half as much again. As on the digits, an epsilon below the paper's 0.05,
# whose assignment is too even for so short a training.
_base_ = '../_base_/fashion_mnist.py'

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
            num_crops=[2],
            epsilon=0.02,
        ),
    ),
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
