# SS-PRL's views of natural images: two whole and six local ones of SwAV, four
# patches of 112 pixels and nine of 96 in two groups, 34 in all. Sizes and
# shares are those of the paper's supplement, section B; what it leaves open,
# such as the local views, the strength of the colours and the standard
# deviation, is that of the released code. A leaf config adds the data set.
default_scope = 'mmpretrain'
data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.14, 57.12, 57.375],
    to_rgb=True,
)

num_crops = [2, 6]
num_patches = (4, 9)
colours = [
    dict(type='mmpretrain.RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        transforms=[
            dict(
                type='mmpretrain.ColorJitter',
                brightness=0.8,
                contrast=0.8,
                saturation=0.8,
                hue=0.2,
                backend='pillow',
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
    dict(
        type='mmpretrain.GaussianBlur',
        magnitude_range=(0.1, 2.0),
        magnitude_std='inf',
        prob=0.5,
    ),
]
global_crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=224,
    crop_ratio_range=(0.14, 1.0),
    backend='pillow',
    interpolation='bilinear',
)
local_crop = dict(global_crop, scale=96, crop_ratio_range=(0.05, 0.14))
pyramid = dict(
    type='hirl_mm.PatchPyramid',
    num_views=num_crops,
    transforms=[[global_crop, *colours], [local_crop, *colours]],
    scales=[
        dict(
            grid=2,
            region_size=314,
            patch_size=112,
            crop_ratio_range=(0.6, 1.0),
        ),
        dict(
            grid=3,
            region_size=383,
            patch_size=96,
            crop_ratio_range=(0.6, 1.0),
        ),
    ],
    patch_transforms=colours,
    # COCO and ImageNet have images that are smaller than a patch.
    enlarge_small_images=True,
)
pyramid_pipeline = [
    dict(type='hirl_mm.LoadImage'),
    pyramid,
    dict(type='mmpretrain.PackInputs'),
]
pyramid_loader = dict(
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='hirl_mm.default_collate'),
)
