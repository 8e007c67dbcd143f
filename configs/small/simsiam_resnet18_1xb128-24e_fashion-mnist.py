# SimSiam with a ResNet-18 of half the width.
_base_ = '../_base_/fashion_mnist.py'

model = dict(
    type='SimSiam',
    _scope_='mmpretrain',
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
        num_layers=3,
        with_last_bn_affine=False,
        with_avg_pool=True,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='LatentPredictHead',
        loss=dict(type='CosineSimilarityLoss'),
        predictor=dict(
            type='NonLinearNeck',
            in_channels=256,
            hid_channels=64,
            out_channels=256,
            with_avg_pool=False,
            with_last_bn=False,
            with_last_bias=True,
            norm_cfg=dict(type='BN1d'),
        ),
    ),
)

# The predictor's learning rate stays.
lr = 1e-3
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(predictor=dict(fix_lr=True)))
)
custom_hooks = [
    dict(
        type='mmpretrain.SimSiamHook', priority='HIGH', fix_pred_lr=True, lr=lr
    )
]
