# HIRL-CsMl on scikit-learn's digits, the plain arm's recipe unchanged.
_base_ = [
    'csml_resnet18_1xb128-20e_digits.py',
    '../_base_/digits_kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLCsMl',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=100,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=10))
find_unused_parameters = True
