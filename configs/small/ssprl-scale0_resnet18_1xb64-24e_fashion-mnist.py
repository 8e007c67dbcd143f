# The baseline of SS-PRL: whole views alone, which is SwAV.
_base_ = 'ssprl_resnet18_1xb64-24e_fashion-mnist.py'

model = dict(
    neck=dict(num_scales=1),
    head=dict(num_prototypes=(150,), num_patches=(), weights=(1.0,)),
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
