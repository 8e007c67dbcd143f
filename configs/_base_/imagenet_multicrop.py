# DINO's and iBOT's views of ImageNet: two global ones, the second with
# solarisation, and ten local ones. The shares of the image that crops cover
# are those of DINO.
default_scope = 'mmpretrain'
data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)

num_crops = [2, 10]
global_crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=224,
    crop_ratio_range=(0.25, 1.0),
    backend='pillow',
    interpolation='bicubic',
)
local_crop = dict(global_crop, scale=96, crop_ratio_range=(0.05, 0.25))
colours = [
    dict(type='mmpretrain.RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        transforms=[
            dict(
                type='mmpretrain.ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.2,
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
blur = dict(
    type='mmpretrain.GaussianBlur',
    magnitude_range=(0.1, 2.0),
    magnitude_std='inf',
    prob=1.0,
)
solarize = dict(type='mmpretrain.Solarize', thr=128, prob=0.2)
multi_crop = dict(
    type='mmpretrain.MultiView',
    num_views=[1, 1, num_crops[1]],
    transforms=[
        [global_crop, *colours, blur],
        [global_crop, *colours, dict(blur, prob=0.1), solarize],
        [local_crop, *colours, dict(blur, prob=0.5)],
    ],
)

# 1024 images on 32 GPUs.
train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='hirl_mm.default_collate'),
    dataset=dict(
        type='hirl_mm.ImageNetImages',
        data_root='data/imagenet/',
        split='train',
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            multi_crop,
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
