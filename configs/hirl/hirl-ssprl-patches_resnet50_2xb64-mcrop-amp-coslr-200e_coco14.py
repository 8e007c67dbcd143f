# HIRL-SS-PRL with a tree over the four patches of scale 1, which show objects
# rather than scenes. The feature pass takes one of them per image.
_base_ = 'hirl-ssprl_resnet50_2xb64-mcrop-amp-coslr-200e_coco14.py'

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
