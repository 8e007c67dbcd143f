_base_ = [
    'mocov2_resnet18_1xb256-200e_imagenet-100.py',
    '../_base_/colour_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLMoCo', spd_head=_base_.spd_head)
# In proportion to about 127,000 images of 100 classes.
default_hooks = dict(
    kmeans=dict(
        _base_.kmeans_hook,
        num_prototypes=(3200, 1000, 100),
        pipeline=_base_.feature_crop,
    )
)
find_unused_parameters = True
