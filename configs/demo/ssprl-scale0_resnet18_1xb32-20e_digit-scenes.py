# The baseline of SS-PRL's ablations: whole views alone, which is SwAV.
_base_ = 'ssprl_resnet18_1xb32-20e_digit-scenes.py'

model = dict(
    neck=dict(num_scales=1),
    head=dict(num_prototypes=(60,), num_patches=(), weights=(1.0,)),
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(_base_.pyramid, scales=[]),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
default_hooks = dict(frozen_layers=dict(layers=['prototypes']))
