# SS-PRL on scenes of digits, a few minutes on two CPU cores. Few prototypes,
# as there are ten classes.
_base_ = ['../_base_/digit_scenes.py', '../_base_/models/ssprl_resnet18.py']

model = dict(
    neck=dict(num_scales=3),
    head=dict(
        num_prototypes=(60, 30, 30),
        num_patches=_base_.num_patches,
        num_crops=_base_.num_crops,
        weights=(1.0, 0.25, 0.25),
    ),
)
default_hooks = dict(
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes', 'correlations'],
        end=4,
        by_epoch=False,
    )
)
