# A tree over the four patches of scale 1, of which the feature pass takes one
# per scene.
_base_ = 'hirl-ssprl_resnet18_1xb32-4e_digit-scenes.py'

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
