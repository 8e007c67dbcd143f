# HIRL-MoCo v2 on scikit-learn's digits, the plain arm's recipe unchanged.
_base_ = [
    'mocov2_resnet18_1xb64-20e_digits.py',
    '../_base_/digits_kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLMoCo',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=100,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=10))
find_unused_parameters = True
