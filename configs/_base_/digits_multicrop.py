# Two global views of 32 and two local ones of 16 pixels.
_base_ = 'digits_4e.py'

num_crops = [2, 2]
global_pipeline = _base_.view_pipeline
local_pipeline = [
    dict(type='RandomResizedCrop', scale=16, crop_ratio_range=(0.2, 0.5)),
    *_base_.view_pipeline[1:],
]
multi_crop = dict(
    type='MultiView',
    num_views=num_crops,
    transforms=[global_pipeline, local_pipeline],
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            multi_crop,
            dict(type='PackInputs'),
        ]
    )
)
