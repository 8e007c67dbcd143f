# SS-PRL on scenes of digits, a few minutes on two CPU cores. Few prototypes,
# as there are ten classes; an epsilon of half the paper's, since with that
# one the assignment of so short a run is too even to learn from.
_base_ = '../_base_/digit_scenes.py'

model = dict(
    type='hirl_mm.SSPRL',
    backbone=dict(
        type='ResNet',
        _scope_='mmpretrain',
        depth=18,
        base_channels=32,
        stem_channels=32,
        norm_cfg=dict(type='BN'),
        zero_init_residual=False,
    ),
    neck=dict(
        type='hirl_mm.PyramidNeck',
        projection=dict(
            type='SwAVNeck',
            _scope_='mmpretrain',
            in_channels=256,
            hid_channels=256,
            out_channels=128,
            norm_cfg=dict(type='BN1d'),
        ),
        num_scales=3,
    ),
    head=dict(
        type='hirl_mm.PyramidHead',
        feat_dim=128,
        num_prototypes=(60, 30, 30),
        num_patches=_base_.num_patches,
        num_crops=_base_.num_crops,
        weights=(1.0, 0.25, 0.25),
        epsilon=0.02,
    ),
)
default_hooks = dict(
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes', 'correlations'],
        end=4,
        by_epoch=False,
    )
)
