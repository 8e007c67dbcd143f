# Pre-training on photographs with colours at 32 pixels, on one GPU: views and
# loaders. Views are those of MoCo v2 and SimSiam for small images, without
# blur. Images of other sizes are resized where they are measured.
default_scope = 'mmpretrain'

crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=32,
    crop_ratio_range=(0.2, 1.0),
    backend='pillow',
)
look = [
    dict(type='mmpretrain.RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        transforms=[
            dict(
                type='mmpretrain.ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
                hue=0.1,
            )
        ],
        prob=0.8,
    ),
    dict(
        type='mmpretrain.RandomGrayscale',
        prob=0.2,
        keep_channels=True,
        channel_weights=(0.114, 0.587, 0.2989),
    ),
]
load, pack = dict(type='hirl_mm.LoadImage'), dict(type='mmpretrain.PackInputs')
two_views = dict(
    type='mmpretrain.MultiView', num_views=2, transforms=[[crop, *look]]
)
train_dataloader = dict(
    batch_size=512,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='hirl_mm.default_collate'),
    dataset=dict(
        type='hirl_mm.FolderImages',
        data_prefix='train',
        pipeline=[load, two_views, pack],
    ),
)
whole_pipeline = [load, dict(type='mmpretrain.Resize', scale=(32, 32)), pack]
knn_gallery = dict(
    type='hirl_mm.FolderImages',
    data_prefix='train',
    pipeline=whole_pipeline,
)
knn_queries = dict(knn_gallery, data_prefix='val')
