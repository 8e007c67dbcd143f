# Pre-training on the digits of scikit-learn, 20 epochs in a minute or two on
# two CPU cores: all but the model. docs/demo.md tells why the recipe is so.
_base_ = 'runtime.py'

default_scope = 'mmpretrain'
data_root = 'data/digits/'

data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
    to_rgb=True,
)

view_pipeline = [
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=32,
        crop_ratio_range=(0.5, 1.0),
    ),
    dict(
        type='mmpretrain.Rotate',
        magnitude_range=(0, 15),
        magnitude_std='inf',
        prob=0.8,
        pad_val=0,
        interpolation='bilinear',
    ),
    dict(
        type='RandomApply',
        transforms=[
            dict(type='mmpretrain.ColorJitter', brightness=0.4, contrast=0.4)
        ],
        prob=0.8,
    ),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='hirl_mm.default_collate'),
    dataset=dict(
        type='hirl_mm.FolderImages',
        data_root=data_root,
        data_prefix='train',
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=2,
                transforms=[view_pipeline],
            ),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)

knn_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(type='mmpretrain.PackInputs'),
]
knn_gallery = dict(
    type='hirl_mm.FolderImages',
    data_root=data_root,
    data_prefix='train',
    pipeline=knn_pipeline,
)
knn_queries = dict(knn_gallery, data_prefix='val')
knn_probe = dict(
    type='hirl_mm.KNNProbeHook',
    gallery=knn_gallery,
    queries=knn_queries,
    interval=5,
    num_workers=0,
)

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-2),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True,
        T_max=20,
        end=20,
    )
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20)

default_hooks = dict(
    logger=dict(interval=23),
    checkpoint=dict(interval=1, max_keep_ckpts=1),
    knn_probe=knn_probe,
)
randomness = dict(seed=0)
