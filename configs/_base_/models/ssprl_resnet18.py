# SS-PRL with a ResNet-18 of half the width. An epsilon of half the paper's:
# with that one the assignment of so short a training is too even to learn
# from.
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
    ),
    head=dict(
        type='hirl_mm.PyramidHead',
        feat_dim=128,
        epsilon=0.02,
    ),
)
