# SS-PRL on COCO train2014, supplement of the paper, section B: 128 images per
# step. What it leaves open is that of the released code
# (WesleyHsieh0806/SS-PRL).
_base_ = ['../_base_/pyramid_views.py', '../_base_/runtime.py']

model = dict(
    type='hirl_mm.SSPRL',
    backbone=dict(
        type='ResNet',
        _scope_='mmpretrain',
        depth=50,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=False,
    ),
    neck=dict(
        type='hirl_mm.PyramidNeck',
        projection=dict(
            type='SwAVNeck',
            _scope_='mmpretrain',
            in_channels=2048,
            hid_channels=2048,
            out_channels=128,
        ),
        num_scales=3,
    ),
    head=dict(
        type='hirl_mm.PyramidHead',
        feat_dim=128,
        num_prototypes=(300, 150, 150),
        num_patches=_base_.num_patches,
        num_crops=_base_.num_crops,
        weights=(1.0, 0.25, 0.25),
        queue_lengths=(1920, 4992, 4992),
        queue_start_epoch=80,
    ),
)
train_dataloader = dict(
    _base_.pyramid_loader,
    batch_size=64,
    dataset=dict(
        type='hirl_mm.FolderImages',
        data_root='data/coco/',
        data_prefix='train2014',
        with_label=False,
        pipeline=_base_.pyramid_pipeline,
    ),
)

optim_wrapper = dict(
    type='AmpOptimWrapper',
    loss_scale='dynamic',
    optimizer=dict(
        type='hirl_mm.LARC', lr=0.6, momentum=0.9, weight_decay=1e-6
    ),
)
auto_scale_lr = dict(base_batch_size=128)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=200,
        eta_min=6e-4,
        by_epoch=True,
        end=200,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=200)
default_hooks = dict(
    # About one epoch.
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes', 'correlations'],
        end=648,
        by_epoch=False,
    ),
)
randomness = dict(seed=31)
