# SS-PRL's views of the scenes of digits that
# tools/dataset_converters/digit_scenes.py draws: two whole views and four
# local ones, four patches and nine patches of every scene. A patch is about
# as large as a digit.
_base_ = 'runtime.py'

default_scope = 'mmpretrain'
data_root = 'data/digit_scenes/'

data_preprocessor = dict(
    type='mmpretrain.SelfSupDataPreprocessor',
    mean=[127.5, 127.5, 127.5],
    std=[127.5, 127.5, 127.5],
    to_rgb=True,
)

num_crops = [2, 4]
num_patches = (4, 9)
colours = [
    dict(
        type='RandomApply',
        transforms=[
            dict(
                type='mmpretrain.ColorJitter',
                brightness=0.4,
                contrast=0.4,
                backend='pillow',
            )
        ],
        prob=0.8,
    ),
]
global_crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=48,
    crop_ratio_range=(0.5, 1.0),
    backend='pillow',
    interpolation='bilinear',
)
local_crop = dict(global_crop, scale=24, crop_ratio_range=(0.15, 0.3))
pyramid = dict(
    type='hirl_mm.PatchPyramid',
    num_views=num_crops,
    transforms=[[global_crop, *colours], [local_crop, *colours]],
    scales=[
        dict(grid=2, region_size=64, patch_size=28),
        dict(grid=3, region_size=72, patch_size=20),
    ],
    patch_transforms=colours,
)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='hirl_mm.default_collate'),
    dataset=dict(
        type='mmpretrain.VOC',
        data_root=data_root,
        split='trainval',
        metainfo=dict(classes=list('0123456789')),
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            pyramid,
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
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
    logger=dict(interval=9),
    checkpoint=dict(interval=1, max_keep_ckpts=1),
)
randomness = dict(seed=0)
