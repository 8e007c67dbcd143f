# HCCL for 100 epochs (section 3.3 of the paper), the base of the ablations.
_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs32_byol.py',
    '../_base_/runtime.py',
    '../_base_/knn_imagenet.py',
]

default_scope = 'mmpretrain'
model = dict(
    type='hirl_mm.HCCL',
    _scope_='mmpretrain',
    # As SimSiam, whose optimisation the paper adopts.
    backbone=dict(
        type='ResNet',
        depth=50,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=True,
    ),
    neck=dict(
        type='hirl_mm.HierarchicalProjectionNeck',
        in_channels=2048,
        hid_channels=2048,
        out_channels=2048,
        num_levels=2,
        num_layers=3,
    ),
    head=dict(
        type='hirl_mm.CrossLevelHead',
        in_channels=2048,
        hid_channels=512,
        num_levels=2,
    ),
)
train_dataloader = dict(
    batch_size=64,
    num_workers=8,
    drop_last=True,
    # MMEngine adds a scope to every dict of a base in another package; its own
    # default_collate accepts no such argument.
    collate_fn=dict(type='hirl_mm.default_collate'),
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        pipeline=[dict(type='hirl_mm.LoadImage'), *_base_.train_pipeline[1:]],
    ),
)

optim_wrapper = dict(
    type='AmpOptimWrapper',
    constructor='hirl_mm.PredictorRatesOptimWrapperConstructor',
    loss_scale='dynamic',
    # 0.05 for every 256 images.
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4),
    paramwise_cfg=dict(
        norm_decay_mult=0.0,
        bias_decay_mult=0.0,
        predictor_rates=['constant', 10.0],
    ),
)
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=True, T_max=100, end=100)
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
default_hooks = dict(knn_probe=_base_.knn_probe)
