# BYOL on scikit-learn's digits, for comparisons with the methods of
# configs/debug by tools/compare_methods.py.
_base_ = '../_base_/digits.py'

model = dict(
    type='BYOL',
    _scope_='mmpretrain',
    # The average is to follow the network within a few hundred steps.
    base_momentum=0.02,
    backbone=dict(
        type='ResNet',
        depth=18,
        base_channels=32,
        stem_channels=32,
        norm_cfg=dict(type='BN'),
    ),
    neck=dict(
        type='NonLinearNeck',
        in_channels=256,
        hid_channels=256,
        out_channels=256,
        with_bias=True,
        with_last_bn=False,
        with_avg_pool=True,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='LatentPredictHead',
        loss=dict(type='CosineSimilarityLoss'),
        predictor=dict(
            type='NonLinearNeck',
            in_channels=256,
            hid_channels=256,
            out_channels=256,
            with_bias=True,
            with_last_bn=False,
            with_avg_pool=False,
            norm_cfg=dict(type='BN1d'),
        ),
    ),
)
