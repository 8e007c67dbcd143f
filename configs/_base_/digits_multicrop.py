# Two global views of 32 and two local ones of 24 pixels. Views of a digit
# differ little here, so that within seconds there is something on which
# student and teacher agree.
_base_ = 'digits_4e.py'

num_crops = [2, 2]
global_crop = dict(
    type='mmpretrain.RandomResizedCrop',
    scale=32,
    crop_ratio_range=(0.8, 1.0),
    aspect_ratio_range=(0.9, 1.1),
)
local_crop = dict(global_crop, scale=24, crop_ratio_range=(0.55, 0.75))
jitter = _base_.view_pipeline[2]
multi_crop = dict(
    type='mmpretrain.MultiView',
    num_views=num_crops,
    transforms=[[global_crop, jitter], [local_crop, jitter]],
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            multi_crop,
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
