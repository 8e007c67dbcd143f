# SS-PRL with two scales: whole views, and four patches of half the side in two
# groups. A prototype for every 40 images, and for every 100 in the patches.
_base_ = ['../_base_/fashion_mnist.py', '../_base_/models/ssprl_resnet18.py']

num_crops = [2]
num_patches = (4,)
model = dict(
    neck=dict(num_scales=2),
    head=dict(
        num_prototypes=(150, 60),
        num_patches=num_patches,
        num_crops=num_crops,
        weights=(1.0, 0.25),
    ),
)
pyramid = dict(
    type='hirl_mm.PatchPyramid',
    num_views=num_crops,
    transforms=[[_base_.crop, *_base_.look]],
    scales=[dict(grid=2, region_size=40, patch_size=16)],
    patch_transforms=_base_.look,
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            pyramid,
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
default_hooks = dict(
    frozen_layers=dict(
        type='hirl_mm.FrozenLayersHook',
        layers=['prototypes', 'correlations'],
        end=1,
        by_epoch=True,
    )
)
