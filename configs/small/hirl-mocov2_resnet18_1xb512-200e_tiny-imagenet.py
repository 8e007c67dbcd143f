_base_ = [
    'mocov2_resnet18_1xb512-200e_tiny-imagenet.py',
    '../_base_/colour_kmeans_hook.py',
]

model = dict(type='hirl_mm.HIRLMoCo', spd_head=_base_.spd_head)
# In proportion to 100,000 images of 200 classes.
default_hooks = dict(
    kmeans=dict(
        _base_.kmeans_hook,
        num_prototypes=(2500, 800, 200),
        pipeline=_base_.whole_pipeline,
    )
)
find_unused_parameters = True
