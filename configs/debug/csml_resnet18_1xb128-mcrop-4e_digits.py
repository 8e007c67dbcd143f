# A run of seconds through CsMl with two local crops of every anchor, half the
# size.
_base_ = 'csml_resnet18_1xb128-4e_digits.py'

model = dict(local_crops=True)
local_view_pipeline = [
    dict(
        type='mmpretrain.RandomResizedCrop',
        scale=16,
        crop_ratio_range=(0.3, 0.5),
    ),
    *_base_.view_pipeline[1:],
]
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=[2, 2],
                transforms=[_base_.view_pipeline, local_view_pipeline],
            ),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
