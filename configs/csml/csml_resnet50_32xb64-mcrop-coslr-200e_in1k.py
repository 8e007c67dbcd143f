# CsMl with multi-crop "as in SwAV": the sizes and shares of SwAV's crops and
# the colours of MoCo v2. The paper says no more.
_base_ = 'csml_resnet50_32xb64-coslr-200e_in1k.py'

model = dict(local_crops=True)
crop, *colours = _base_.view_pipeline
global_view = [dict(crop, crop_ratio_range=(0.14, 1.0)), *colours]
local_view = [dict(crop, scale=96, crop_ratio_range=(0.05, 0.14)), *colours]
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(
                type='mmpretrain.MultiView',
                num_views=[2, 6],
                transforms=[global_view, local_view],
            ),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
