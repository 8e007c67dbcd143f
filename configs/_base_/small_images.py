# Pre-training on some thousands of images at 32 pixels, minutes on one CPU
# core: all but the model. Images of other sizes are resized. Grey photographs
# and drawn shapes have no colours that mean anything, so that views differ in
# crop, mirror image, brightness and contrast. They are made in batches, which
# takes half the time of Pillow's views, image by image.
_base_ = ['runtime.py', 'device_views.py']

default_scope = 'mmpretrain'

data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
    to_rgb=True,
)

crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=32,
    crop_ratio_range=(0.5, 1.0),
    backend='pillow',
)
look = [
    dict(type='mmpretrain.RandomFlip', prob=0.5),
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
        data_prefix='train',
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=2,
                transforms=[[crop, *look]],
            ),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
whole_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    dict(type='mmpretrain.Resize', scale=(32, 32)),
    dict(type='mmpretrain.PackInputs'),
]
knn_gallery = dict(
    type='hirl_mm.FolderImages',
    data_prefix='train',
    pipeline=whole_pipeline,
)
knn_queries = dict(knn_gallery, data_prefix='val')

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-2),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        convert_to_iter_based=True,
        T_max=24,
        end=24,
    )
]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=24)

default_hooks = dict(
    logger=dict(interval=93),
    checkpoint=dict(interval=1, max_keep_ckpts=1),
)
randomness = dict(seed=0)
