# HCCL with a ResNet-18 of half the width.
model = dict(
    type='hirl_mm.HCCL',
    _scope_='mmpretrain',
    backbone=dict(
        type='ResNet',
        depth=18,
        base_channels=32,
        stem_channels=32,
        norm_cfg=dict(type='BN'),
    ),
    neck=dict(
        type='hirl_mm.HierarchicalProjectionNeck',
        in_channels=256,
        hid_channels=256,
        out_channels=256,
        num_levels=2,
        num_layers=3,
        norm_cfg=dict(type='BN1d'),
    ),
    head=dict(
        type='hirl_mm.CrossLevelHead',
        in_channels=256,
        hid_channels=64,
        num_levels=2,
        norm_cfg=dict(type='BN1d'),
    ),
)
