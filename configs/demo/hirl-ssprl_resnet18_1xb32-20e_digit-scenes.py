# HIRL-SS-PRL with a tree over whole scenes.
_base_ = [
    'ssprl_resnet18_1xb32-20e_digit-scenes.py',
    '../_base_/digits_kmeans_hook.py',
]

model = dict(
    type='hirl_mm.HIRLSSPRL',
    spd_head=dict(
        type='hirl_mm.SPDHead',
        num_levels=3,
        num_negatives=100,
    ),
)
default_hooks = dict(kmeans=dict(_base_.kmeans_hook, start_epoch=10))
find_unused_parameters = True
