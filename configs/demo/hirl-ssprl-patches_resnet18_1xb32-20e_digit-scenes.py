# HIRL-SS-PRL with a tree over the four patches of scale 1, which are about as
# large as a digit. The feature pass takes one of them per scene.
_base_ = 'hirl-ssprl_resnet18_1xb32-20e_digit-scenes.py'

model = dict(tree_scale=1)
default_hooks = dict(
    kmeans=dict(
        pipeline=[
            dict(type='hirl_mm.LoadImage'),
            dict(type='hirl_mm.PatchBySample', **_base_.pyramid.scales[0]),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
