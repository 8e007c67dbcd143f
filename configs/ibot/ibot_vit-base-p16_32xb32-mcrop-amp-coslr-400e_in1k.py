# iBOT at the 400 epochs of the HIRL paper (section A.2).
_base_ = '../dino/dino_vit-base-p16_32xb32-mcrop-amp-coslr-400e_in1k.py'

model = dict(
    type='hirl_mm.iBOTAlgorithm',
    backbone=dict(type='hirl_mm.MaskedViT'),
    head=dict(type='hirl_mm.iBOTDistillHead', out_channels=8192),
)

# Crops cover other shares of the image than DINO's.
global_crop = dict(_base_.global_crop, crop_ratio_range=(0.32, 1.0))
local_crop = dict(_base_.local_crop, crop_ratio_range=(0.05, 0.32))
multi_crop = dict(
    type='mmpretrain.MultiView',
    num_views=_base_.multi_crop.num_views,
    transforms=[
        [global_crop, *_base_.multi_crop.transforms[0][1:]],
        [global_crop, *_base_.multi_crop.transforms[1][1:]],
        [local_crop, *_base_.multi_crop.transforms[2][1:]],
    ],
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            multi_crop,
            dict(
                type='hirl_mm.BlockMask',
                grid_size=14,
                num_masks=_base_.num_crops[0],
                ratio_range=(0.1, 0.5),
                probability=0.5,
            ),
            dict(
                type='mmpretrain.PackInputs',
                meta_keys=['sample_idx', 'img_path', 'masked_patches'],
            ),
        ]
    )
)
